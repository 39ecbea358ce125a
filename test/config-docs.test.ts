/** The published schema and the tables of the settings are those of the code. `node tools/config-docs.ts` writes both. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { pageText, schemaText } from '../tools/config-docs.ts'

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')

describe('what is published of the settings', () => {
  it('is the schema that reads the file', () => {
    expect(read('docs/prescale.schema.json'), 'node tools/config-docs.ts').toBe(schemaText())
  })

  it('is a table of every group', () => {
    const page = read('docs/config.md')
    expect(page, 'node tools/config-docs.ts').toBe(pageText(page))
    expect(page.match(/\| needed \|/g)?.length).toBeGreaterThan(15)
  })
})
