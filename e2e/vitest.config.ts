import { defineConfig } from 'vitest/config';

/** The browser tests share one house (one start of everything) and two cores, so they run one after the other. */
export default defineConfig({
  test: {
    name: 'e2e',
    include: ['e2e/*.spec.ts'],
    environment: 'node',
    globalSetup: ['e2e/support/house.ts'],
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    retry: 1,
  },
});
