import { defineConfig } from 'vitest/config';

// Workers are shared by test files (isolate: false), so that tfjs and the native library load once per worker.
const conditions = ['@heed/source', 'import', 'module', 'node', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tooling/*/src/**/*.test.ts'],
    setupFiles: ['tooling/testing/src/setup.ts'],
    pool: 'forks', // the native addon does not like worker threads
    maxWorkers: 2,
    isolate: false,
    testTimeout: 60_000,
    retry: process.env.CI === undefined ? 0 : 1, // child processes and timers on a busy machine; a real fault fails twice
    hookTimeout: 120_000,
  },
});
