/** The bill of materials, from what `npm sbom` lists. */

import { describe, expect, it } from 'vitest';

import { NODE_VERSION } from '../../collector/package/node.ts';
import { type Bill, billOf, type Contents } from '../../collector/package/sbom.ts';
import { version } from '../../package.json';

function component(name: string): Bill['components'][number] {
  return { 'bom-ref': `${name}@4.7`, type: 'library', name, version: '4.7' };
}

const LOCKED: Bill = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  serialNumber: 'urn:uuid:11111111-1111-4111-8111-111111111111',
  metadata: { timestamp: '2026-01-02T03:04:05.678Z', tools: [{ name: 'cli' }], component: component('work-tree') },
  components: ['split', 'linter', 'ffi', 'ffi-arm64', 'ffi-x64'].map(component),
  dependencies: [
    { ref: 'work-tree@4.7', dependsOn: ['split@4.7', 'ffi@4.7', 'linter@4.7'] },
    { ref: 'ffi@4.7', dependsOn: ['ffi-arm64@4.7', 'ffi-x64@4.7'] },
    { ref: 'split@4.7', dependsOn: [] },
    { ref: 'linter@4.7', dependsOn: [] },
  ],
};

const CONTENTS: Contents = {
  packages: ['split', 'ffi', 'ffi-arm64'],
  nodeSha256: 'abad1dea',
  nodeVersions: { node: '24.0.0', openssl: '3.5.8', modules: '137', napi: '10', nghttp3: '' },
  time: 1_000_000_007,
};

describe('the bill of materials', () => {
  const bill: Bill = JSON.parse(billOf(LOCKED, CONTENTS));
  const node = `node@${NODE_VERSION}`;

  it('lists what the program contains: the bundled packages, the library of one architecture, and Node.js', () => {
    expect(bill.components.map((each) => each['bom-ref'])).toEqual(['split@4.7', 'ffi@4.7', 'ffi-arm64@4.7', node]);
  });

  it('lists the software in Node.js, but not versions of interfaces', () => {
    expect(bill.components.at(-1)).toMatchObject({
      purl: `pkg:generic/node@${NODE_VERSION}`,
      hashes: [{ alg: 'SHA-256', content: 'abad1dea' }],
      components: [{ type: 'library', name: 'openssl', version: '3.5.8' }],
    });
  });

  it('names the program, not the folder that it was built in', () => {
    expect(bill.metadata.component).toMatchObject({ name: 'netdata-conntrack-plugin', version });
  });

  it('has only dependencies that it lists', () => {
    expect(bill.dependencies).toEqual([
      { ref: 'work-tree@4.7', dependsOn: ['split@4.7', 'ffi@4.7', 'ffi-arm64@4.7', node] },
      { ref: 'ffi@4.7', dependsOn: ['ffi-arm64@4.7'] },
      { ref: 'split@4.7', dependsOn: [] },
      { ref: node, dependsOn: [] },
    ]);
  });

  it('is reproducible: the time of the build, no serial number and no versions of tools', () => {
    expect(bill.metadata).toEqual({ timestamp: '2001-09-09T01:46:47.000Z', component: bill.metadata.component });
    expect(bill).not.toHaveProperty('serialNumber');
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  });

  it('cannot be made without one of the packages', () => {
    const packages = [...CONTENTS.packages, 'parser'];
    expect(() => billOf(LOCKED, { ...CONTENTS, packages })).toThrow('npm sbom does not list parser');
  });
});
