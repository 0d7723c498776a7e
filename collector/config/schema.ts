/** Every key of `conntrack.conf`: its type, default and bounds. */

import * as v from 'valibot';

import { type Network, parseNetwork } from '../base/cidr.ts';
import { LONGEST_INTERVAL } from '../base/interval.ts';

const INTERVAL = `whole seconds from 1 to ${LONGEST_INTERVAL}`;

const interval = v.pipe(
  v.number(INTERVAL),
  v.integer(INTERVAL),
  v.minValue(1, INTERVAL),
  v.maxValue(LONGEST_INTERVAL, INTERVAL),
);

// YAML 1.2 has only true and false as booleans; operators also write yes and no.
const yesOrNo = v.union([v.boolean(), v.picklist(['yes', 'no'])], 'yes or no');
const toggle = v.pipe(yesOrNo, v.transform(isYes));

const enabled = v.pipe(
  v.union([v.boolean(), v.picklist(['auto', 'yes', 'no'])], 'auto, yes or no'),
  v.transform((value): 'auto' | boolean => (value === 'auto' ? 'auto' : isYes(value))),
);

const readFrom = v.picklist(['auto', 'procfs', 'netlink'], 'auto, procfs or netlink');

const wholeNumber = (least: number, most: number, what: string): v.GenericSchema<number> => {
  const allowed = `${what} from ${least} to ${most}`;
  return v.pipe(v.number(allowed), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed));
};

/** The kernel's limit for the path of a socket. */
const SOCKET_PATH = 'an absolute path of at most 107 characters';
const SOCKETS = 'a list of at most 16 absolute paths';
const socketPath = v.pipe(v.string(SOCKET_PATH), v.regex(/^\/[^\p{C}]{1,106}$/u, SOCKET_PATH));

const percent = (least: number): v.GenericSchema<number> => {
  const allowed = `a percentage from ${least} to 100`;
  return v.pipe(v.number(allowed), v.minValue(least, allowed), v.maxValue(100, allowed));
};

const NETWORK = 'an address, or a network such as 203.0.113.0/28';
const PORTS = 'the lowest and the highest port, such as 1024-65535';
const POOL = 'a mapping with the keys addresses and ports';
const POOLS = 'a list of at most 64 pools such as { addresses: 203.0.113.0/28, ports: 1024-65535 }';

/** A text that a function understands; it returns `undefined` otherwise. */
const parsed = <T>(parse: (text: string) => T | undefined, allowed: string): v.GenericSchema<string, T> =>
  v.pipe(
    v.string(allowed),
    v.rawTransform(({ addIssue, dataset, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: allowed });
      return NEVER;
    }),
  );

const snatPool = v.pipe(
  v.strictObject({ addresses: parsed<Network>(parseNetwork, NETWORK), ports: parsed(parsePorts, PORTS) }, POOL),
  v.transform(({ addresses, ports }) => ({ network: addresses, ...ports })),
);

const PATTERNS = 'a list of at most 64 names, in which * matches any characters';
const patterns = v.pipe(
  v.array(v.pipe(v.string(PATTERNS), v.regex(/^[^\s\p{C}]{1,128}$/u, PATTERNS)), PATTERNS),
  v.maxLength(64, PATTERNS),
);

const MODE = 'basic or advanced';
const CONTEXTS = 'auto, netfilter or conntrack';
const METHOD = 'auto, full or sample';
const ACCESS = 'members or anyone';
const SOURCE = 'a text of at most 128 printable characters, none of them a backslash';
export const MAPPING = 'a mapping of keys to values';

/** Every key of `conntrack.conf` with its default and its bounds. The message of an issue says what is allowed. */
export const schema = v.strictObject(
  {
    update_every: v.optional(interval, 1),
    mode: v.optional(v.picklist(['basic', 'advanced'], MODE), 'advanced'),
    source: v.optional(v.pipe(v.string(SOURCE), v.regex(/^[^\\\p{C}\p{Zl}\p{Zp}]{0,128}$/u, SOURCE)), ''),
    contexts: v.optional(v.picklist(['auto', 'netfilter', 'conntrack'], CONTEXTS), 'auto'),
    // A mapping whose lines are all commented out is null in YAML; it means every default, too.
    functions: v.nullish(
      v.strictObject(
        {
          enabled: v.optional(toggle, true),
          access: v.optional(v.picklist(['members', 'anyone'], ACCESS), 'members'),
        },
        MAPPING,
      ),
      {},
    ),
    namespaces: v.nullish(
      v.strictObject(
        {
          enabled: v.optional(enabled, 'auto'),
          include: v.optional(patterns, []),
          exclude: v.optional(patterns, []),
          max: v.optional(wholeNumber(0, 10_000, 'a whole number'), 50),
        },
        MAPPING,
      ),
      {},
    ),
    modules: v.nullish(
      v.strictObject(
        {
          stat: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                read_from: v.optional(readFrom, 'auto'),
                per_cpu: v.optional(toggle, false),
              },
              MAPPING,
            ),
            {},
          ),
          events: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                receive_buffer: v.optional(wholeNumber(1, 1024, 'whole mebibytes'), 64),
                most_per_second: v.optional(wholeNumber(1000, 10_000_000, 'whole events'), 100_000),
              },
              MAPPING,
            ),
            {},
          ),
          flows: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                update_every: v.optional(interval, 10),
                method: v.optional(v.picklist(['auto', 'full', 'sample'], METHOD), 'auto'),
                cpu_share: v.optional(percent(0.1), 2),
                full_above: v.optional(percent(1), 95),
                snat_pools: v.optional(v.pipe(v.array(snatPool, POOLS), v.maxLength(64, POOLS)), []),
              },
              MAPPING,
            ),
            {},
          ),
          sockets: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                read_from: v.optional(readFrom, 'auto'),
                update_every: v.optional(interval, 5),
                cpu_share: v.optional(percent(0.1), 2),
              },
              MAPPING,
            ),
            {},
          ),
          conntrackd: v.nullish(
            v.strictObject(
              {
                enabled: v.optional(enabled, 'auto'),
                sockets: v.optional(v.pipe(v.array(socketPath, SOCKETS), v.maxLength(16, SOCKETS)), []),
                update_every: v.optional(interval, 5),
                timeout: v.optional(wholeNumber(1, 10, 'whole seconds'), 2),
              },
              MAPPING,
            ),
            {},
          ),
        },
        MAPPING,
      ),
      {},
    ),
  },
  MAPPING,
);

/** The configuration with every default filled in. */
export type Config = v.InferOutput<typeof schema>;

/** The configuration without a file. */
export function defaultConfig(): Config {
  return v.parse(schema, {});
}

function parsePorts(text: string): { low: number; high: number } | undefined {
  const [, low, high] = /^(\d{1,5})-(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (low === undefined || high === undefined) return undefined;
  return low >= 1 && low <= high && high <= 65_535 ? { low, high } : undefined;
}

function isYes(value: boolean | 'yes' | 'no'): boolean {
  return value === true || value === 'yes';
}
