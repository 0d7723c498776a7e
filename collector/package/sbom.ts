/**
 * The software bill of materials: what is in the program, for scanners of known vulnerabilities. CycloneDX in JSON.
 * Source: https://cyclonedx.org/docs/1.5/json/
 */

import { execFileSync } from 'node:child_process';

import { name, version } from '../../package.json';
import { NODE_VERSION } from './node.ts';

/** Entries of `process.versions` that are no software: Node.js itself, and versions of binary interfaces. */
const NO_PARTS: ReadonlySet<string> = new Set(['node', 'modules', 'napi']);

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/** The parts of a bill that change here. */
export interface Bill {
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly [field: string]: unknown;
}

export interface Contents {
  /** Names of the npm packages that the program contains. */
  readonly packages: readonly string[];
  /** SHA-256 of the Node.js executable before its symbols are removed. */
  readonly nodeSha256: string;
  /** Versions of Node.js and of what that contains, by name, as `process.versions`. */
  readonly nodeVersions: Readonly<Record<string, string>>;
  /** Time of the build in seconds since the epoch. */
  readonly time: number;
}

/** Every npm package in the lock file, whether the program contains it or not, as `npm sbom` lists them. */
export function lockedPackages(): Bill {
  const words = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  return JSON.parse(execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
}

/**
 * The bill of the program as JSON. The same contents give the same bytes: it has no serial number and not the versions of
 * the tools.
 *
 * @throws if `npm sbom` does not list one of the packages.
 */
export function billOf(locked: Bill, { nodeSha256, nodeVersions, packages, time }: Contents): string {
  const bundled = packages.map((wanted) => {
    const found = locked.components.find((component) => component.name === wanted);
    if (found === undefined) throw new Error(`npm sbom does not list ${wanted}`);
    return found;
  });
  const node = nodeComponent(nodeSha256, nodeVersions);
  const references = new Set([...bundled, node].map((component) => component['bom-ref']));
  const own = locked.metadata.component;
  const { serialNumber: _random, ...rest } = locked;
  const dependencies = [
    { ref: own['bom-ref'], dependsOn: [...references] },
    ...locked.dependencies
      .filter(({ ref }) => references.has(ref))
      .map(({ dependsOn, ref }) => ({ ref, dependsOn: dependsOn.filter((other) => references.has(other)) })),
    { ref: node['bom-ref'], dependsOn: [] },
  ];
  const bill = {
    ...rest,
    metadata: { timestamp: new Date(time * 1000).toISOString(), component: { ...own, name, version } },
    components: [...bundled, node],
    dependencies,
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function nodeComponent(sha256: string, versions: Readonly<Record<string, string>>): Component {
  const parts = Object.entries(versions).filter(([part, its]) => !NO_PARTS.has(part) && its !== '');
  return {
    'bom-ref': `node@${NODE_VERSION}`,
    type: 'platform',
    name: 'node',
    version: NODE_VERSION,
    purl: `pkg:generic/node@${NODE_VERSION}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${NODE_VERSION}:*:*:*:*:*:*:*`,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    components: parts.map(([part, its]) => ({
      'bom-ref': `node@${NODE_VERSION}/${part}@${its}`,
      type: 'library',
      name: part,
      version: its,
    })),
  };
}
