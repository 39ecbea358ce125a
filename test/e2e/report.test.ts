/** The report in a real browser. Skipped where no Chromium is installed; `CHROMIUM` names another one. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderReport } from '../../src/compare/report.ts'
import { madeUpReport } from '../fakes/report-data.ts'

const candidates = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome'
]
const executablePath = candidates.find((path) => path !== '' && existsSync(path))
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking'
]

describe.skipIf(executablePath === undefined)('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-report-'))
  const complaints: string[] = []
  const asked: string[] = []
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    const file = join(folder, 'report.html')
    writeFileSync(file, renderReport(madeUpReport({ days: 12, trace: `wave </script> "'&` })))
    browser = await chromium.launch({
      executablePath,
      args: [...quiet, '--disable-component-update', '--disable-sync']
    })
    page = await browser.newPage({ viewport: { width: 1366, height: 900 } })
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(pathToFileURL(file).href)
    await page.waitForSelector('#readout tr')
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  const reading = async () => (await page.locator('#moment').textContent()) ?? ''
  const hover = async (x: number, y = 200) => {
    const box = await page.locator('#axis').boundingBox()
    await page.mouse.move(box!.x + x, box!.y + y)
    await page.waitForTimeout(60)
  }

  it('reads what is under the pointer, with the reason of the last decision', async () => {
    await hover(400)
    const first = await reading()
    await hover(800)
    expect(await reading()).not.toBe(first)
    expect(await reading()).toMatch(/load up to [\d,.]+ events\/s, the full work of [\d.]+ units/)
    expect(await page.locator('#readout tr').nth(1).textContent()).toMatch(
      /→ \d+ · target tracking: load \d+\/s/
    )
  })

  it('draws something', async () => {
    const colors = await page.evaluate(`(() => {
      const c = document.getElementById('axis'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data
      const seen = new Set(); for (let i = 0; i < d.length; i += 400) seen.add(d.slice(i, i + 3).join()); return seen.size })()`)
    expect(colors).toBeGreaterThan(4)
  })

  it('zooms by dragging, pins by clicking and lets go', async () => {
    const box = (await page.locator('#axis').boundingBox())!
    await page.mouse.move(box.x + 300, box.y + 200)
    await page.mouse.down()
    await page.mouse.move(box.x + 380, box.y + 200, { steps: 3 })
    await page.mouse.up()
    await hover(500)
    const before = await reading()
    await page.mouse.click(box.x + 500, box.y + 200)
    await hover(900)
    expect(await reading()).toContain('pinned')
    expect((await reading()).slice(0, 30)).toBe(before.slice(0, 30))
    await page.locator('#axis').press('Escape')
    await hover(901)
    expect(await reading()).not.toContain('pinned')
  })

  it('goes from late minute to late minute', async () => {
    await page.getByRole('button', { name: 'late minute →' }).click()
    await page.waitForTimeout(60)
    expect(await page.locator('#readout td.late').count()).toBeGreaterThan(0)
  })

  it('shows and hides policies, light and dark', async () => {
    await page.locator('#readout input').first().check()
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await background()
    await page.getByRole('button', { name: 'light / dark' }).click()
    expect(await background()).not.toBe(light)
  })

  it('does not scroll sideways on a laptop', async () => {
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(
      await page.evaluate(
        `(() => { const w = document.querySelector('.wide'); return w.scrollWidth <= w.clientWidth })()`
      )
    ).toBe(true)
  })

  it('complains about nothing and asks nobody', () => {
    expect(complaints).toEqual([])
    expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([])
  })
})
