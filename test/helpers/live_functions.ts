/** Stand-ins for live answers. */

import type { Answer } from '../../collector/functions/answer.ts';
import type { Arguments, LiveFunction, Parameter } from '../../collector/functions/function.ts';
import type { Sources } from '../../collector/functions/sources.ts';
import { FakeClock } from './fake_clock.ts';
import { FakeNamespaces } from './fake_namespaces.ts';
import { FakeRuntime } from './fake_runtime.ts';

/** The wall clock of {@link fakeSources}, in milliseconds since the epoch. */
export const NOW = 1_712_345_678_999;

/** A selector, a text and a flag. */
export const PARAMETERS: readonly Parameter[] = [
  {
    name: 'by',
    help: 'What connections are ranked by',
    allowed: 'source or nat-address',
    choices: [
      { id: 'source', name: 'Source address' },
      { id: 'nat-address', name: 'NAT address' },
    ],
    isSelector: true,
  },
  { name: 'src', help: 'Only from these addresses', allowed: 'an address or a prefix' },
  { name: 'limit', help: 'Most rows', allowed: 'a whole number from 1 to 10000' },
  { name: 'unreplied', help: 'Only unanswered connections', allowed: 'yes or no', isFlag: true },
];

/** Two rows with a column of every type. */
export const ANSWER: Answer = {
  columns: [
    { id: 'source', name: 'Source', type: 'text', isKey: true },
    { id: 'protocol', name: 'Protocol', type: 'text' },
    { id: 'connections', name: 'Connections', type: 'count' },
    { id: 'share', name: 'Share', type: 'percent' },
    { id: 'new', name: 'New', type: 'rate' },
    { id: 'bytes', name: 'Bytes', type: 'bytes', isHidden: true },
    { id: 'age', name: 'Age', type: 'duration' },
    { id: 'since', name: 'Since', type: 'time' },
  ],
  rows: [
    { cells: ['192.0.2.7', 'tcp', 431, 86.2, 12.5, 7_340_032, 3600, 1_712_342_078_000], severity: 'error' },
    { cells: ['2001:db8::"7"', 'udp', 69, 13.8, null, null, 19, 1_712_345_659_000] },
  ],
  sortedBy: 'connections',
  notes: ['Estimated from 500 of 5,321 entries (9.4 %).', 'Bytes are not counted.'],
};

/** A function that answers with {@link ANSWER} by default. */
export function liveFunction(
  name: string,
  run: (given: Arguments, signal: AbortSignal) => Answer | Promise<Answer> = () => ANSWER,
  parameters = PARAMETERS,
): LiveFunction {
  return {
    name,
    command: name,
    summary: `Shows who has the ${name} connections`,
    help: `The ${name} connections, largest first.`,
    parameters,
    run: async (given, _sources, signal) => run(given, signal),
  };
}

export function fakeSources(): Sources & { readonly runtime: FakeRuntime } {
  const ctnetlink = (): never => {
    throw new Error('no function here reads the table');
  };
  const clock = new FakeClock(NOW);
  return {
    ctnetlink,
    runtime: new FakeRuntime(),
    clock,
    isPatient: false,
    snatPools: [],
    eventSetting: () => 1,
    namespaces: new FakeNamespaces(),
  };
}
