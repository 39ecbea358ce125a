/** What came, how late the job was and how many slots it had, over time: one line a controller. */
import { type Box, colours, line, linear, svg, text, xAxis, yAxis } from '../../svg.ts'
import type { Moment } from '../lag.ts'
import type { Traffic } from '../traffic.ts'

export interface Track {
  readonly controller: string
  readonly moments: readonly Moment[]
  readonly load: readonly { readonly atS: number; readonly rate: number }[]
}

const strokes: Readonly<Record<string, string>> = {
  fixed: colours.faint,
  reactive: colours.orange,
  prescale: colours.blue
}

/** Records/s that were sent, in steps of two seconds. */
export function loadOf({ sent }: Traffic): Track['load'] {
  const STEP_MS = 2_000
  const out: { atS: number; rate: number }[] = []
  let from = sent[0]
  for (const it of sent) {
    if (it.atMs - from.atMs < STEP_MS) continue
    const rate = (1_000 * (it.total - from.total)) / (it.atMs - from.atMs)
    out.push({ atS: (it.atMs - sent[0].atMs) / 1_000, rate })
    from = it
  }
  return out
}

export function pictureOf(tracks: readonly Track[], lateS: number): string {
  const [width, height, left, panel] = [860, 560, 60, 140]
  const lastS = Math.max(
    ...tracks.flatMap(({ load, moments }) => [...load, ...moments].map(({ atS }) => atS))
  )
  const x = linear([0, lastS], [left, width - 110], 8)
  const box = (i: number): Box => ({
    x: left,
    y: 30 + i * (panel + 35),
    width: width - 110 - left,
    height: panel
  })
  const top = (values: readonly number[]) => 1.05 * Math.max(1, ...values)
  const scale = (i: number, high: number) => linear([0, high], [box(i).y + panel, box(i).y], 4)
  const load = scale(0, top(tracks.flatMap((it) => it.load.map(({ rate }) => rate))))
  const lag = scale(1, top([lateS, ...tracks.flatMap((it) => it.moments.map(({ lagS }) => lagS))]))
  const slots = scale(2, top(tracks.flatMap((it) => it.moments.map((moment) => moment.slots))))
  const strokeOf = ({ controller }: Track) => strokes[controller] ?? colours.ink
  const parts = [
    ...[load, lag, slots].map((y, i) => yAxis(box(i), y, (tick) => `${tick}`)),
    ...[0, 1, 2].map((i) => xAxis(box(i), x, (tick) => (i === 2 ? `${tick} s` : ''))),
    ...['records/s that come', 'time lag, s', 'slots'].map((words, i) =>
      text(left, box(i).y - 8, words, { bold: true })
    ),
    line(
      [
        [left, lag(lateS)],
        [width - 110, lag(lateS)]
      ],
      { stroke: colours.pink, dash: '4 3' }
    ),
    text(width - 98, lag(lateS) + 4, 'late', { fill: colours.pink }),
    ...tracks.slice(0, 1).map((it) => line(it.load.map(({ atS, rate }) => [x(atS), load(rate)] as const))),
    ...tracks.flatMap((it) => [
      line(
        it.moments.map(({ atS, lagS }) => [x(atS), lag(lagS)] as const),
        { stroke: strokeOf(it) }
      ),
      line(
        it.moments.map((moment) => [x(moment.atS), slots(moment.slots)] as const),
        { stroke: strokeOf(it) }
      )
    ]),
    ...tracks.map((it, i) =>
      text(width - 98, box(2).y + 14 + 16 * i, it.controller, { fill: strokeOf(it), bold: true })
    )
  ]
  return svg(width, height, 'Load, lag and slots over time', parts)
}
