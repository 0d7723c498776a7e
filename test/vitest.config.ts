import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Longer than any test takes, even on a busy machine; exceeded only by a hang or by quadratic running time. */
const timeouts = { testTimeout: 120_000, hookTimeout: 120_000 };

/** Real clocks, real programs and real waiting. */
const endToEnd = { globalSetup: ['test/helpers/global_setup.ts'], ...timeouts };

/**
 * What sets nf_conntrack_max or nf_conntrack_buckets, which one kernel has only once, or compares rates so exactly that
 * it needs the machine for itself.
 */
const alone = ['agent', 'agent_contexts', 'conntrackd', 'events', 'flows', 'kernel', 'netlink_stat'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

export default defineConfig({
  root,
  test: {
    // Concurrent tests must use the expect of their context: the global one counts assertions of all of them together.
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          ...timeouts,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...endToEnd,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: alone,
          // They wait more than they work.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...endToEnd,
          name: 'e2e alone',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
