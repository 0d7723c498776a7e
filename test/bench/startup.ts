/**
 * How long the built plugin takes to its first chart, as the script that Node.js runs and as the packaged program, beside
 * a Node.js that does nothing.
 */

import { spawn } from 'node:child_process';

import { keep } from './lifetime.ts';
import { SCRIPT } from './package.ts';
import { type PluginOptions, PluginProcess } from './plugin_process.ts';
import { median } from './statistics.ts';

const STARTS = 20;

/** Medians in milliseconds. */
export interface Startup {
  readonly starts: number;
  /** From the script's start to its first `CHART` line. */
  readonly script: number;
  /** From the packaged program's start to its first `CHART` line. */
  readonly program: number;
  /** From the start to the end of `node -e ""`. */
  readonly node: number;
}

/** Starts them all in turn. */
export async function measureStartup(options: PluginOptions): Promise<Startup> {
  const script: number[] = [];
  const program: number[] = [];
  const node: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    node.push(await bareNode());
    script.push(await firstChart({ ...options, program: SCRIPT }));
    program.push(await firstChart(options));
  }
  return { starts: STARTS, script: median(script), program: median(program), node: median(node) };
}

async function firstChart(options: PluginOptions): Promise<number> {
  const started = new PluginProcess(options);
  try {
    return await started.firstChart;
  } finally {
    await started.end();
  }
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
