/** Pictures as SVG text: scales, axes, lines, dots. Only what the pictures of the experiments need; no fonts, no scripts. */

/** A value to a position in pixels. */
export interface Scale {
  (value: number): number
  readonly ticks: readonly number[]
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const colours = {
  ink: '#1f2328',
  faint: '#8c959f',
  rule: '#d8dee4',
  blue: '#0969da',
  orange: '#bc4c00',
  green: '#1a7f37',
  purple: '#8250df',
  pink: '#bf3989'
} as const

export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colours.ink}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    '</svg>'
  ].join('\n')}\n`
}

/** From [low, high] evenly to [from, to]; about `count` ticks at round numbers. */
export function linear(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  count = 5
): Scale {
  const step = niceStep((high - low) / count)
  const ticks: number[] = []
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high * (1 + 1e-12); k++) ticks.push(k * step + 0)
  return Object.assign((value: number) => from + ((value - low) / (high - low)) * (to - from), { ticks })
}

/** From [low, high] by their logarithms; ticks at the powers of ten, at 2 and 5 too below 100, and evenly below a factor of 5. Both above 0. */
export function logarithmic(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number]
): Scale {
  const span = Math.log(high / low)
  const short = high / low < 100
  const ticks: number[] = high / low < 5 ? [...linear([low, high], [from, to], 4).ticks] : []
  for (let power = Math.floor(Math.log10(low)); high / low >= 5 && 10 ** power <= high; power++) {
    for (const digit of short ? [1, 2, 5] : [1]) {
      const tick = digit * 10 ** power
      if (tick >= low && tick <= high) ticks.push(tick)
    }
  }
  return Object.assign((value: number) => from + (Math.log(value / low) / span) * (to - from), { ticks })
}

/** Grid lines with their labels below a box. */
export function xAxis({ y, height }: Box, scale: Scale, say: (tick: number) => string): string {
  return scale.ticks
    .map((tick) => {
      const x = at(scale(tick))
      return `<path d="M${x} ${at(y)}v${at(height)}" stroke="${colours.rule}"/>${text(scale(tick), y + height + 16, say(tick), { anchor: 'middle', fill: colours.faint })}`
    })
    .join('\n')
}

/** Grid lines with their labels left of a box. */
export function yAxis({ x, width }: Box, scale: Scale, say: (tick: number) => string): string {
  return scale.ticks
    .map((tick) => {
      const y = scale(tick)
      return `<path d="M${at(x)} ${at(y)}h${at(width)}" stroke="${colours.rule}"/>${text(x - 6, y + 4, say(tick), { anchor: 'end', fill: colours.faint })}`
    })
    .join('\n')
}

export interface Style {
  readonly stroke?: string
  readonly width?: number
  readonly dash?: string
  readonly opacity?: number
}

/** A line through points, broken where one was not measured. */
export function line(points: Iterable<readonly [x: number, y: number]>, style: Style = {}): string {
  let d = ''
  let broken = true
  for (const [x, y] of points) {
    if (Number.isNaN(x + y)) broken = true
    else {
      d += `${broken ? 'M' : 'L'}${at(x)} ${at(y)}`
      broken = false
    }
  }
  const { stroke = colours.ink, width = 1.5, dash, opacity } = style
  return `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ''}${opacity === undefined ? '' : ` opacity="${opacity}"`} stroke-linejoin="round"/>`
}

export function dot(x: number, y: number, fill: string, radius = 4): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="${radius}" fill="${fill}"/>`
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
  readonly bold?: boolean
}

export function text(x: number, y: number, words: string, { anchor, fill, bold }: TextStyle = {}): string {
  const attributes = [
    anchor && anchor !== 'start' ? ` text-anchor="${anchor}"` : '',
    fill ? ` fill="${fill}"` : '',
    bold ? ' font-weight="600"' : ''
  ]
  return `<text x="${at(x)}" y="${at(y)}"${attributes.join('')}>${escaped(words)}</text>`
}

/** Labels that want to stand at these heights, moved apart to `least` pixels in the same order, within [top, bottom]. */
export function apart(
  wanted: readonly number[],
  least: number,
  [top, bottom]: readonly [number, number]
): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b])
  const out = [...wanted]
  let above = top - least
  for (const i of order) above = out[i] = Math.max(out[i], above + least)
  let below = bottom + least
  for (const i of order.reverse()) below = out[i] = Math.min(out[i], below - least)
  return out
}

/** 1, 2 or 5 times a power of ten, at least `x`. */
export function niceStep(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x))
  return ([1, 2, 5].find((digit) => digit * power >= x * (1 - 1e-9)) ?? 10) * power
}

const at = (pixels: number) => Number(pixels.toFixed(1))
const escaped = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
