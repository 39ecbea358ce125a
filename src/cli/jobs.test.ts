import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { moduleOf } from './jobs.ts'

/** Every module that is loaded by its name on another thread: no import says when it has moved. */
const here = fileURLToPath(new URL('.', import.meta.url))
const named = globSync('**/*.ts', { cwd: here })
  .filter((file) => !file.endsWith('.test.ts'))
  .flatMap((file) =>
    [...readFileSync(`${here}/${file}`, 'utf8').matchAll(/moduleOf\('([^']+)'\)/g)].map(([, path]) => path)
  )

describe('modules for other threads', () => {
  it('are found', () => {
    expect(new Set(named).size).toBeGreaterThanOrEqual(4)
  })

  it.each([...new Set(named)])('%s is there', (path) => {
    expect(existsSync(moduleOf(path))).toBe(true)
  })
})
