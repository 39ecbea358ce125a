/**
 * The training of a policy as a picture — small multiples over the steps played, one measure each.
 *
 *   mean reward       of the last episodes, exploration included: whether anything was learned
 *   entropy           how undecided the policy is, nats over all heads: it falls as the policy makes up its mind
 *   KL                how far an update moved the policy: jumps are updates that went too far
 *   explained variance  how much of the returns the critic foresaw: 1 all, 0 nothing
 *
 * What a method does not measure has no panel. SVG text without scripts or fonts; `page` takes the colours of the page around it.
 */

/** A point of the curve. `null`, `NaN` or absent: not known. */
export interface TrainingPoint {
  readonly steps: number
  readonly meanReward: number | null
  readonly entropy?: number | null
  readonly kl?: number | null
  readonly explainedVariance?: number | null
}

export interface TrainingCurveOptions {
  readonly title?: string
  /** Where the model that was kept is, in steps. */
  readonly keptAt?: number
  /** Drawn into an HTML page with the variables `--ink`, `--soft`, `--grid`, `--accent`. */
  readonly page?: boolean
}

const measures = [
  ['meanReward', 'mean reward'],
  ['entropy', 'entropy, nats'],
  ['kl', 'KL of an update'],
  ['explainedVariance', 'explained variance']
] as const
type Measure = (typeof measures)[number][0]

const own = { ink: '#1f2328', soft: '#59636e', grid: '#e6e9ec', line: '#0969da', kept: '#bc4c00' }
const ofPage = {
  ink: 'var(--ink)',
  soft: 'var(--soft)',
  grid: 'var(--grid)',
  line: 'var(--accent)',
  kept: 'var(--c1)'
}
type Paint = typeof own

const [WIDTH, HEIGHT, LEFT, TOP] = [330, 128, 62, 34]
const [ACROSS, GAP, BELOW] = [2, 34, 46]
const CELL = LEFT + WIDTH + GAP
const ROW = TOP + HEIGHT + BELOW

/** The picture of a curve, in the order it was learned. Without a point it says so. */
export function trainingCurve(
  curve: readonly TrainingPoint[],
  { title = 'Training', keptAt, page = false }: TrainingCurveOptions = {}
): string {
  const paint = page ? ofPage : own
  const shown = measures.filter(([key]) => curve.some((point) => isNumber(point[key])))
  const rows = Math.max(1, Math.ceil(shown.length / ACROSS))
  const [width, height] = [Math.min(ACROSS, Math.max(1, shown.length)) * CELL, 26 + rows * ROW]
  const kept = keptAt === undefined || curve.length === 0 ? '' : `; dashed: the model that was kept`
  const panels = shown.map(([key, name], i) => {
    const [x, y] = [(i % ACROSS) * CELL + LEFT, 26 + Math.floor(i / ACROSS) * ROW + TOP]
    return panel(curve, key, name, { x, y }, keptAt, paint)
  })
  const empty =
    shown.length > 0 ? [] : [text(LEFT, 70, 'No episode has ended yet: nothing to draw.', paint.soft)]
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    ...(page ? [] : [`<rect width="${width}" height="${height}" fill="#fff"/>`]),
    text(LEFT, 20, `${title}${kept}`, paint.ink, 'font-weight="600"'),
    ...panels,
    ...empty,
    '</svg>'
  ].join('\n')}\n`
}

interface Place {
  readonly x: number
  readonly y: number
}

function panel(
  curve: readonly TrainingPoint[],
  key: Measure,
  name: string,
  { x, y }: Place,
  keptAt: number | undefined,
  paint: Paint
): string {
  const known = curve.flatMap((point) => {
    const value = point[key]
    return isNumber(value) ? [{ steps: point.steps, value }] : []
  })
  const last = known[known.length - 1]
  const values = known.map(({ value }) => value)
  const least = Math.min(...values)
  const isCut = key === 'explainedVariance' && least < CRITIC_LEAST
  const { share, ticks } = isCut ? linear(CRITIC_LEAST, 1) : axisOf(least, Math.max(...values))
  const most = Math.max(1, ...curve.map(({ steps }) => steps))
  const px = (steps: number) => x + (steps / most) * WIDTH
  const py = (value: number) => y + HEIGHT - Math.min(1, Math.max(0, share(value))) * HEIGHT
  const cut = isCut ? `, below ${CRITIC_LEAST} cut off` : ''
  const parts = [text(x, y - 10, `${name}: ${amount(last.value)} at the end${cut}`, paint.ink)]
  for (const tick of ticks) {
    const at = py(tick)
    parts.push(
      `<line x1="${x}" x2="${x + WIDTH}" y1="${fixed(at)}" y2="${fixed(at)}" stroke="${paint.grid}"/>`,
      text(x - 7, at + 4, amount(tick), paint.soft, 'text-anchor="end"')
    )
  }
  for (const tick of linear(0, most).ticks) {
    if (tick > most) continue
    const end = px(tick) > x + WIDTH - 12 ? 'end' : 'middle'
    parts.push(text(px(tick), y + HEIGHT + 17, thousands(tick), paint.soft, `text-anchor="${end}"`))
  }
  parts.push(text(x + WIDTH, y + HEIGHT + 33, 'steps', paint.soft, 'text-anchor="end"'))
  if (keptAt !== undefined && keptAt <= most) {
    const at = fixed(px(keptAt))
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${y}" y2="${y + HEIGHT}" stroke="${paint.kept}" stroke-dasharray="4 3"/>`
    )
  }
  const points = known.map(({ steps, value }) => `${fixed(px(steps))},${fixed(py(value))}`)
  parts.push(
    known.length === 1
      ? `<circle cx="${fixed(px(last.steps))}" cy="${fixed(py(last.value))}" r="2.5" fill="${paint.line}"/>`
      : `<polyline points="${points.join(' ')}" fill="none" stroke="${paint.line}" stroke-width="1.6" stroke-linejoin="round"/>`
  )
  return parts.join('\n')
}

/** A critic that knows less than nothing does not get more of the picture the less it knows. */
const CRITIC_LEAST = -1
/** Values of one sign that differ by more than this factor are drawn by their logarithm: the end matters, and the beginning is large. */
const DECADES = 30

const isNumber = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value)

interface Axis {
  /** 0 at the bottom, 1 at the top. */
  readonly share: (value: number) => number
  readonly ticks: readonly number[]
}

function axisOf(low: number, high: number): Axis {
  const [near, far] = [Math.min(Math.abs(low), Math.abs(high)), Math.max(Math.abs(low), Math.abs(high))]
  if (low * high > 0 && far / near > DECADES) return logarithmic(near, far, high < 0)
  // A line that does not move lies in the middle.
  const room = high > low ? 0 : Math.max(Math.abs(low), 1e-3) / 2
  return linear(low - room, high + room)
}

/** Some four round numbers that reach over both ends. */
function linear(low: number, high: number): Axis {
  const raw = (high - low) / 4
  const unit = 10 ** Math.floor(Math.log10(raw))
  const step = ([1, 2, 5, 10].find((m) => m * unit >= raw) ?? 10) * unit
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)]
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
  return { share: (value) => (value / step - first) / (last - first), ticks }
}

/** Powers of ten; of negative values the small ones are on top. */
function logarithmic(near: number, far: number, isNegative: boolean): Axis {
  const [first, last] = [Math.log10(near), Math.log10(far)]
  const share = (value: number) => (Math.log10(Math.abs(value)) - first) / (last - first)
  const powers = Array.from(
    { length: Math.floor(last) - Math.ceil(first) + 1 },
    (_, i) => Math.ceil(first) + i
  )
  const ticks = powers.map((power) => (isNegative ? -1 : 1) * 10 ** power)
  return { share: isNegative ? (value) => 1 - share(value) : share, ticks }
}

const amount = (value: number) =>
  (Math.abs(value) < 1e-12 ? 0 : value).toLocaleString('en-US', { maximumSignificantDigits: 3 })

function thousands(steps: number): string {
  if (steps >= 1_000_000) return `${amount(steps / 1_000_000)} M`
  return steps >= 1_000 ? `${amount(steps / 1_000)} k` : amount(steps)
}

const fixed = (value: number) => value.toFixed(1)

function text(x: number, y: number, words: string, fill: string, more = ''): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="${fill}" ${more}>${escaped(words)}</text>`
}

const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
