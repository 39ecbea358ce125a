import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'experiments/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    exclude: ['test/live/**', 'node_modules/**'],
    testTimeout: 60_000,
    pool: 'forks',
    // Many tests wait for processes and clocks: two cores are not full with one.
    maxWorkers: Math.max(2, availableParallelism() - 1)
  }
})
