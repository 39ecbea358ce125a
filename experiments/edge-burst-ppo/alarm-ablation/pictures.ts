/** How the lead over the network without the alarm melts as the alarm gets worse: a panel for each scenario. */
import { type Box, colours, dot, line, linear, svg, text, xAxis, yAxis } from '../../svg.ts'
import { meanOf, scenarios } from '../scenes.ts'
import { aheadOf, type Cell, falseShareOf } from './run.ts'

const width = 760
const panel = { width: 300, height: 150 }

export function pictureOf(cells: readonly Cell[]): string {
  const parts = scenarios.flatMap((scenario, i) => {
    const box: Box = { x: 60 + (i % 2) * 380, y: 92 + Math.floor(i / 2) * 222, ...panel }
    return panelOf(
      cells.filter((cell) => cell.scenario === scenario && cell.signal === 'predictor'),
      scenario,
      box
    )
  })
  const legend = [
    text(60, 50, 'Reward above the network without the alarm, as a share of its own, %; dashed: −5 %'),
    text(60, 24, 'ppo, misses', { fill: colours.blue, bold: true }),
    text(160, 24, 'ppo, false alarms', { fill: colours.purple, bold: true }),
    text(300, 24, 'wary ppo, misses', { fill: colours.green }),
    text(430, 24, 'wary ppo, false alarms', { fill: colours.orange })
  ]
  return svg(width, 530, 'Reward above the network without the alarm, as the alarm gets worse', [
    ...legend,
    ...parts,
    text(width / 2, 512, 'share of the alarms that is missed, or false, %; 50 % false are two an hour', {
      anchor: 'middle',
      fill: colours.faint
    })
  ])
}

function panelOf(cells: readonly Cell[], scenario: string, box: Box): string[] {
  const reactive = Math.abs(meanOf(cells[0].reactive.map(({ reward }) => reward)))
  const curve = (own: string, faults: 'misses' | 'false alarms') =>
    cells
      .filter(({ policy, missRate, falseAlarmsPerHour }) => {
        const other = faults === 'misses' ? falseAlarmsPerHour : missRate
        return policy === own && other === 0
      })
      .map((cell) => {
        const worse = 100 * (faults === 'misses' ? cell.missRate : falseShareOf(cell))
        return [worse, (100 * meanOf(aheadOf(cell))) / reactive] as const
      })
      .sort(([a], [b]) => a - b)
  const curves = [
    { points: curve('ppo, 13 numbers', 'misses'), stroke: colours.blue, width: 2 },
    { points: curve('ppo, 13 numbers', 'false alarms'), stroke: colours.purple, width: 2 },
    { points: curve('ppo, 13 numbers, wary', 'misses'), stroke: colours.green, width: 1.5 },
    { points: curve('ppo, 13 numbers, wary', 'false alarms'), stroke: colours.orange, width: 1.5 }
  ]
  const values = curves.flatMap(({ points }) => points.map(([, y]) => y))
  const x = linear([0, 50], [box.x, box.x + box.width], 5)
  const low = Math.min(-6, ...values)
  const high = Math.max(4, ...values)
  const y = linear([low * 1.05, high * 1.05], [box.y + box.height, box.y], 4)
  const level = (value: number, stroke: string, dash?: string) =>
    line(
      [
        [box.x, y(value)],
        [box.x + box.width, y(value)]
      ],
      { stroke, dash, width: 1 }
    )
  return [
    text(box.x, box.y - 10, scenario, { bold: true }),
    xAxis(box, x, (tick) => `${tick}`),
    yAxis(box, y, (tick) => `${tick}`),
    level(0, colours.ink),
    level(-5, colours.faint, '4 3'),
    ...curves.flatMap(({ points, stroke, width: thick }) => [
      line(
        points.map(([a, b]) => [x(a), y(b)] as const),
        { stroke, width: thick }
      ),
      ...points.map(([a, b]) => dot(x(a), y(b), stroke, 2.5))
    ])
  ]
}
