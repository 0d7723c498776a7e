import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Real clocks, real programs and real waiting: up to two minutes for each condition. */
const endToEnd = { globalSetup: ['test/helpers/global_setup.ts'], testTimeout: 600_000, hookTimeout: 600_000 };

/**
 * Tests that change nf_conntrack_max or nf_conntrack_buckets, which all network namespaces share, or that compare rates
 * so exactly that nothing else may run.
 */
const alone = [
  'agent',
  'agent_contexts',
  'conntrackd',
  'conntrackd_life',
  'conntrackd_links',
  'events',
  'flows',
  'kernel',
  'namespaces_alerts',
].map((name) => `test/e2e/${name}.test.ts`);

/** Unit tests that replace modules. The others share one module graph, which halves the CPU time of all of them. */
const mocking = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith('.test.ts') && /\bvi\.mock\(/.test(readFileSync(join(root, name), 'utf8')));

/** The timeouts are longer than any test takes, even on a busy machine, unless it hangs or takes quadratic time. */
const unit = { testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: '100%', sequence: { groupOrder: 0 } };

export default defineConfig({
  root,
  test: {
    // Concurrent tests must use the expect of their context: the global one counts assertions of all of them together.
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          ...unit,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/kernels/**', 'test/reach/**', ...mocking],
          isolate: false,
        },
      },
      {
        extends: true,
        test: { ...unit, name: 'unit with mocked modules', include: mocking },
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
      {
        extends: true,
        test: { ...endToEnd, name: 'kernels', include: ['test/kernels/**/*.test.ts'], sequence: { groupOrder: 3 } },
      },
    ],
  },
});
