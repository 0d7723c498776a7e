import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Separate from the other configuration, because `npm test` runs every project of that one. */
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
