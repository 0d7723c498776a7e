/** A passage without privilege: the calls that a real one would make, in their order. */

import { Passage } from '../../collector/namespaces/passage.ts';
import type { Foreign } from '../../collector/netlink/foreign.ts';
import type { FakeProcfs } from './fake_procfs.ts';

/** Status of a process that may use CAP_SYS_ADMIN, or that may not. */
const STATUS = (permitted: string): string => `Uid:\t997\nCapPrm:\t${permitted}\nCapAmb:\t0000000000000000\n`;

export class FakePassage {
  readonly calls: string[] = [];
  /** Errors of setns by its path. */
  readonly refused = new Map<string, Error>();
  readonly passage: Passage;
  /** Called when setns has moved to a path. */
  entered: (path: string) => void = () => undefined;
  isRaised = false;
  loads = 0;

  constructor(fs: FakeProcfs, isPermitted = true) {
    fs.nodes.set('/proc/self/status', { ino: 3, text: STATUS(isPermitted ? '0000000000200000' : '0000000000001000') });
    fs.nodes.set('/proc/thread-self/ns/net', { ino: 4 });
    const foreign: Pick<Foreign, 'setns' | 'withCapability'> = {
      setns: (descriptor) => {
        const path = fs.opened.get(descriptor)?.path ?? 'nothing';
        this.calls.push(`${this.isRaised ? 'raised' : 'plain'} ${path}`);
        const error = this.refused.get(path);
        if (error !== undefined) throw error;
        this.entered(path);
      },
      withCapability: (capability, action) => {
        if (capability !== 21) throw new Error(`capability ${capability}`);
        this.isRaised = true;
        try {
          return action();
        } finally {
          this.isRaised = false;
        }
      },
    };
    this.passage = new Passage({
      fs,
      foreign: () => {
        this.loads++;
        return foreign as Foreign;
      },
      abort: (line) => {
        throw new Error(`aborted: ${line}`);
      },
    });
  }
}
