import { defineConfig } from 'vitest/config'

/** Real engines, fetched and started by the tests themselves: `npm run test:live`. */
export default defineConfig({
  test: {
    include: ['test/live/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // What real engines do in time on a quiet machine they may do late on a busy one.
    retry: 2,
    fileParallelism: false
  }
})
