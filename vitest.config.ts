import { defineConfig } from 'vitest/config';

// Unit and property tests run everywhere; db, switch and sim tests need the embedded parts and run in fewer workers.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: ['**/*.{db,switch,sim,parts}.test.ts'],
          environment: 'node',
        },
      },
      {
        test: {
          name: 'real',
          include: ['packages/*/src/**/*.{db,switch,sim,parts}.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // Real parts on a shared machine: a second try, which the summary of `npm test` names.
          retry: 1,
        },
      },
    ],
  },
});
