/**
 * Preloaded into the script with `NODE_OPTIONS`: when it ends it collects all garbage, and writes how many bytes of objects
 * and buffers are left to the file that `LIVE` names. The resident memory also has what V8 and malloc keep for later.
 */

import fs from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('exit', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // What the first one finalizes is free after the second.
  for (let round = 0; round < 2; round++) collect();
  const { external, heapUsed } = process.memoryUsage();
  fs.writeFileSync(process.env['LIVE'] ?? '', String(heapUsed + external));
});
