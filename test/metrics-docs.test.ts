import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { metricsPage } from '../tools/metrics-docs.ts'

it('the page of the metrics is that of the code', () => {
  const page = readFileSync(new URL('../docs/metrics.md', import.meta.url), 'utf8')
  expect(page, 'node tools/metrics-docs.ts').toBe(metricsPage())
})
