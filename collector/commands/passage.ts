/** The way into other network namespaces. */

import fs from 'node:fs';

import { requireForeign } from '../modules/access.ts';
import { Passage } from '../namespaces/passage.ts';
import { LIBRARY } from './system.ts';

export function createPassage(): Passage {
  return new Passage({
    fs,
    foreign: () => requireForeign(fs, LIBRARY, 'the network namespace'),
    abort: (line) => {
      fs.writeSync(process.stderr.fd, `conntrack.plugin: ${line}\n`);
      process.exit(1);
    },
  });
}
