/** The first part of docs/how-to/run.md, line by line, with the config it shows. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { folder } from '../fakes/prescale.ts'

it('the tutorial of the live loop does what it says', async () => {
  const page = readFileSync(new URL('../../docs/how-to/run.md', import.meta.url), 'utf8')
  const [, config] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  const part = page.split('## 2.')[0]
  const lines = Array.from(part.matchAll(/^prescale (.*?)(?: {2,}#.*)?$/gm), ([, line]) => line.trim())
  expect(lines).toHaveLength(6)
  const place = folder()
  place.file('prescale.yaml', config)
  for (const line of lines.filter((it) => it !== 'run')) {
    // A record of a moment has no moment half a minute before.
    const { code, stderr, stdout } = await place.prescale(
      line.replace('flights@30s', 'flights@0s').split(' ')
    )
    expect(code, `${line}: ${stderr}`).toBe(0)
    expect(stdout).not.toBe('')
  }
  place.remove()
}, 120_000)
