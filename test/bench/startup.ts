/** How long the built plugin takes to its first chart, beside a Node.js that does nothing. */

import { spawn } from 'node:child_process';

import { keep } from './lifetime.ts';
import { type PluginOptions, PluginProcess } from './plugin_process.ts';
import { median } from './statistics.ts';

const STARTS = 20;

/** Medians in milliseconds. */
export interface Startup {
  readonly starts: number;
  /** From the program's start to its first `CHART` line. */
  readonly plugin: number;
  /** From the start to the end of `node -e ""`. */
  readonly node: number;
}

/** Starts both programs in turn. */
export async function measureStartup(options: PluginOptions): Promise<Startup> {
  const plugin: number[] = [];
  const node: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    node.push(await bareNode());
    const started = new PluginProcess(options);
    try {
      plugin.push(await started.firstChart);
    } finally {
      await started.end();
    }
  }
  return { starts: STARTS, plugin: median(plugin), node: median(node) };
}

/** In the plugin's environment: certificates and options for Node.js in the own one would cost it time. */
function bareNode(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn('node', ['-e', ''], { stdio: 'ignore', env: { PATH: process.env['PATH'] } });
  keep(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - startedAt);
      else reject(new Error(`node -e "" ended with ${code}`));
    });
  });
}
