import { defineConfig } from 'vitest/config'

/** Branches of what lives among others – sources, actuators, the loop, the gateway, the record – by tests that need no engine. */
export default defineConfig({
  test: {
    include: [
      'src/{observe,act,loop,gateway,store,net,serve}/**/*.test.ts',
      'src/cli/{gateway,doctor}.test.ts',
      'src/cli/{config,doctor,live}/*.test.ts',
      'test/faults/**/*.test.ts',
      'test/{replay,e2e/live}.test.ts'
    ],
    setupFiles: ['test/setup.ts'],
    testTimeout: 120_000,
    pool: 'forks',
    coverage: {
      provider: 'v8',
      include: ['src/{observe,act,loop,gateway,store}/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.case.ts', '**/*.rows.ts'],
      reporter: ['text', 'json-summary'],
      reportOnFailure: true,
      reportsDirectory: 'node_modules/.cache/coverage',
      thresholds: { 'src/{observe,act,loop,gateway,store}/**/*.ts': { branches: 85 } }
    }
  }
})
