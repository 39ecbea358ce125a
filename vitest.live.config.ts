import { defineConfig } from 'vitest/config'

/** Real engines, fetched and started by the tests themselves: `npm run test:live`. */
export default defineConfig({
  test: {
    include: ['test/live/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    fileParallelism: false
  }
})
