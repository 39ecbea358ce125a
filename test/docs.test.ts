/** The docs say what is there: pages, links, options with their defaults, flags, folders. Blocks are run by tools/check-docs.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { formatDuration, type OptionSpec, type OptionTable } from '../src/base/index.ts'
import { commands } from '../src/cli/commands.ts'
import * as decide from '../src/decide/index.ts'
import { forecasters } from '../src/forecast/index.ts'
import { burstPredictors } from '../src/gateway/index.ts'
import { compressions, rewardScenarios, serviceConfig, storageTiers } from '../src/sim/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pagesUnder = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...pagesUnder('docs'),
  ...pagesUnder('experiments')
]

const methods: readonly (readonly [name: string, says: string, options: OptionTable])[] = Object.entries({
  ...decide.policies,
  ...forecasters,
  ...Object.fromEntries(Object.entries(burstPredictors).map(([name, entry]) => [`burst-${name}`, entry])),
  ppo: {
    says: 'plays a while, then makes what went better than expected a little likelier',
    options: decide.ppoOptions
  },
  'resource-allocator': decide.learnedPolicies.ppo
}).map(([name, { says, options }]) => [name, says, options])

describe('every method', () => {
  const index = read('docs/methods/README.md')

  it.each(methods)('%s has its page, and the index says of it what the table says', (name, says) => {
    expect(existsSync(join(root, `docs/methods/${name}.md`)), `docs/methods/${name}.md`).toBe(true)
    expect(index).toContain(`| [\`${name}\`](${name}.md) | ${says} |`)
  })

  it.each(methods.filter(([name]) => existsSync(join(root, `docs/methods/${name}.md`))))(
    '%s has all its options on that page, with their defaults, and no other',
    (name, _, options) => {
      const said = optionRows(read(`docs/methods/${name}.md`))
      expect([...said.keys()].sort()).toEqual(Object.keys(options).sort())
      for (const [option, spec] of Object.entries(options)) {
        const words = said.get(option) ?? ''
        if (spec.default !== undefined) expect(words, `default of ${option}`).toBe(defaultOf(spec))
        else expect(words, `${option} has no default`).not.toMatch(/^[\d.]+\w*$/)
      }
    }
  )

  it('that guards is on the page of the guards', () => {
    const guards = Object.keys(decide).filter((name) => name.startsWith('with'))
    expect(guards.length).toBeGreaterThan(5)
    for (const name of guards) expect(read('docs/methods/guards.md')).toContain(`\`${name}(`)
  })
})

/** Option → default as written. One row may hold several, with a default for each or one for all. */
function optionRows(page: string): Map<string, string> {
  const section = page.split(/^## Options$/m)[1]?.split(/^## /m)[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return new Map(
    rows.flatMap((row) => {
      const [names, defaults] = row.split(/(?<!\\)\|/).slice(1)
      const all = Array.from(names.matchAll(/`([^`]+)`/g), ([, name]) => name)
      const each = all.length > 1 ? defaults.split(',') : [defaults]
      return all.map((name, i) => [name, (each[i] ?? each[0]).trim()] as const)
    })
  )
}

function defaultOf(spec: OptionSpec): string {
  if (spec.kind === 'duration') return spec.default === 0 ? '0' : formatDuration(Number(spec.default))
  return spec.default === '' ? 'none' : String(spec.default)
}

describe('links', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const links = Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), ([, to]) => to)
    for (const link of links.filter((to) => !/^[a-z]+:/.test(to))) {
      const [path, anchor] = link.split('#')
      const file = join(root, dirname(page), path === '' ? relative(dirname(page), page) : path)
      expect(existsSync(file), `${page} → ${link}`).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(readFileSync(file, 'utf8')), link).toContain(anchor)
    }
  })

  it('lead from the index of the docs to every page', () => {
    const linked = ['docs/README.md', 'docs/methods/README.md'].flatMap((page) =>
      Array.from(read(page).matchAll(/\]\(([^)#\s]+\.md)/g), ([, to]) => join(dirname(page), to))
    )
    expect(pagesUnder('docs').filter((page) => !linked.includes(page))).toEqual(['docs/README.md'])
  })
})

const withoutCode = (text: string) =>
  text
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/^ {4}.*$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '')

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
  )
}

describe('words that must stay true', () => {
  it('flags that are named are flags that exist', async () => {
    const flags = new Set(['--help', '--version'])
    const collect = ({ options, commands: inner }: Command) => {
      for (const { long } of options) if (long) flags.add(long)
      inner.forEach(collect)
    }
    for (const { load } of Object.values(commands)) collect((await load()).command())
    const ours = pages.flatMap((page) =>
      Array.from(read(page).matchAll(/(?:prescale|^|`)[^`\n]*?(--[a-z][\w-]*)/gm), ([line]) =>
        Array.from(line.matchAll(/--[a-z][\w-]*/g), ([flag]) => `${page} ${flag}`)
      ).flat()
    )
    expect(ours.length).toBeGreaterThan(50)
    expect(ours.filter((said) => !flags.has(said.split(' ')[1]))).toEqual([])
  })

  it('every folder of the code is in ARCHITECTURE.md, and every path it names is there', () => {
    const text = read('ARCHITECTURE.md')
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((it) => it.isDirectory())
    for (const { name } of folders) expect(text).toContain(`| \`src/${name}/\` |`)
    for (const [, path] of text.matchAll(/`((?:src|test|docs|experiments|bench|tools)\/[\w./-]*)`/g)) {
      expect(existsSync(join(root, path)), path).toBe(true)
    }
    for (const [, path] of text.matchAll(/`((?:cli|compare|sim|loop|work|store|explain)\/[\w./-]*)`/g)) {
      expect(existsSync(join(root, 'src', path)), path).toBe(true)
    }
  })

  it('the settings of the service world are those of its page', () => {
    const table = read('docs/worlds/service.md').split('## Settings')[1].split('\n## ')[0]
    const said = Array.from(table.matchAll(/^\| (`.*?) \|/gm), ([, cell]) =>
      Array.from(cell.matchAll(/`(\w+)`/g), ([, name]) => name)
    ).flat()
    const real = Object.keys(serviceConfig({ unitRate: 1 })).filter((name) => name !== 'startMs')
    expect(said.sort()).toEqual(real.sort())
  })

  it('the tables of the Spark world and its state are those of its page', () => {
    const page = read('docs/worlds/spark.md')
    const n = (amount: number) => amount.toLocaleString('en-US')
    const price = (amount: number) => `$${amount.toFixed(amount < 0.01 ? 3 : 2)}`
    storageTiers.forEach(({ name, latencyMs, rate, priceGb }, i) => {
      expect(page).toContain(`| ${name} | ${i} | ${n(latencyMs)} ms | ${rate} | ${price(priceGb)} |`)
    })
    compressions.forEach(({ name, latencyMs, rate, size }, i) => {
      expect(page).toContain(`| ${name} | ${i} | ${latencyMs} ms | ${rate} | ${size} |`)
    })
    for (const [name, { alpha, beta, gamma }] of Object.entries(rewardScenarios)) {
      const third = (weight: number) => (weight === 1 / 3 ? '1/3' : String(weight))
      expect(page).toContain(`| \`${name}\` | ${[alpha, beta, gamma].map(third).join(' | ')} |`)
    }
    const rows = page.split('**State**')[1].split('**Action**')[0]
    decide.sparkFeatures.forEach(({ name, high }, i) => {
      const row = rows.split('\n').find((line) => line.includes(`\`${name}\``))
      expect(row, name).toMatch(new RegExp(`^\\| [\\d, ]*\\b${i}\\b`))
      expect(row).toContain(`| ${n(high)} |`)
    })
  })
})
