import { describe, expect, it } from 'vitest';
import { split } from '../../collector/agent/protocol/quoting.ts';
import { registrationLines } from '../../collector/agent/registration.ts';
import { FUNCTIONS } from '../../collector/functions/index.ts';
import { liveFunction } from '../helpers/live_functions.ts';

const [TOP, STUCK] = [liveFunction('top'), liveFunction('stuck')];
const MEMBERS = { enabled: true, access: 'members' } as const;
const ANYONE = { enabled: true, access: 'anyone' } as const;
const OFF = { enabled: false, access: 'members' } as const;
const NEW = 'v2.11.0-84-nightly';

function change(
  before: Parameters<typeof registrationLines>[1],
  now: typeof MEMBERS | typeof ANYONE | typeof OFF,
  version?: string,
): string {
  return registrationLines([TOP, STUCK], before, now, version);
}

describe('at the start', () => {
  it('every function is registered for members, as network-connections is', () => {
    expect(change(undefined, MEMBERS)).toBe(
      "FUNCTION GLOBAL 'conntrack:top' 60 'Shows who has the top connections' 'top' 0x13 100 3\n" +
        "FUNCTION GLOBAL 'conntrack:stuck' 60 'Shows who has the stuck connections' 'top' 0x13 100 3\n",
    );
  });

  it('every function is registered for anyone if the operator wants it', () => {
    expect(change(undefined, ANYONE).match(/ 0x8 100 3$/gm)).toHaveLength(2);
  });

  it('none is registered if functions are turned off', () => {
    expect(change(undefined, OFF, NEW)).toBe('');
  });

  it('lines are short enough for every agent, and their words are those that were meant', () => {
    for (const line of registrationLines(FUNCTIONS, undefined, MEMBERS, undefined).split('\n')) {
      expect(Buffer.byteLength(line)).toBeLessThan(1023);
      expect([0, 10]).toContain(split(line).length - (line === '' ? 0 : -1));
    }
  });
});

describe('when the configuration is reloaded', () => {
  it('nothing is sent if nothing has changed', () => {
    expect(change(MEMBERS, MEMBERS, NEW)).toBe('');
    expect(change(OFF, OFF, NEW)).toBe('');
  });

  it('functions are registered again with another access', () => {
    expect(change(MEMBERS, ANYONE, NEW)).toBe(change(undefined, ANYONE));
  });

  it('functions are registered when they are turned on', () => {
    expect(change(OFF, MEMBERS, NEW)).toBe(change(undefined, MEMBERS));
  });

  it.each([NEW, 'v2.11.0-85-nightly', 'v2.11.1', 'v2.12.0', '3.0.0'])(
    'functions that are turned off are removed from agent %s',
    (version) => {
      expect(change(MEMBERS, OFF, version)).toBe(
        "FUNCTION_DEL GLOBAL 'conntrack:top'\nFUNCTION_DEL GLOBAL 'conntrack:stuck'\n",
      );
    },
  );

  it.each(['v1.37.1', 'v2.10.3', 'v2.11.0', 'v2.11.0-83-nightly', 'new', undefined])(
    'functions that are turned off stay registered with agent %s, which may end a plugin that removes them',
    (version) => {
      expect(change(MEMBERS, OFF, version)).toBe('');
    },
  );
});
