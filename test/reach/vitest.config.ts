import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** A run of its own, because `npm test` runs every project of the other configuration. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    name: 'reach',
    include: ['test/reach/**/*.test.ts'],
    globalSetup: ['test/reach/global_setup.ts'],
    expect: { requireAssertions: true },
    // Every guest takes two processors.
    fileParallelism: false,
  },
});
