/** What a trained policy of the report learned, as a picture: of a table its values, of a network how its training went. */
import { checkPpoModel, checkTable } from '../decide/index.ts'
import { qHeatmap, trainingCurve } from '../explain/index.ts'
import type { LearnedModel } from './policy-spec.ts'
import type { ReportData, ReportLearned } from './report-data.ts'
import { esc, num } from './report-text.ts'

/** Of one policy, by the model that it was made of. */
export function learnedOf(label: string, { method, content, where }: LearnedModel): ReportLearned {
  if (method === 'ppo') {
    const { trained, environment } = checkPpoModel(content, where)
    const { world = {}, curve, steps, seed } = trained
    const says = [
      `a network of ${environment.observationSize} numbers, ${num(steps)} steps, seed ${seed}`,
      ...(world.scenario === undefined ? [] : [`scenario ${world.scenario}`]),
      ...(typeof world.edge === 'string' ? [`edge: ${world.edge}`] : [])
    ]
    const svg =
      curve === undefined || curve.length === 0
        ? undefined
        : trainingCurve(curve, { title: 'How the training went, up to this model', page: true })
    return { label, method, says: says.join(', '), ...(svg && { svg }) }
  }
  const model = checkTable(content, where)
  const { trained, features, actions, values, visits } = model
  const { forecast } = trained.world ?? {}
  const says = [
    `a table of ${num(values.length / actions.length)} states, ${num(trained.updates)} updates, seed ${trained.seed}`,
    ...(typeof forecast === 'string' ? [`trained with the forecasts of ${forecast}`] : [])
  ]
  const axes = { rows: 'utilisation', columns: 'capacity', panels: 'forecast' }
  const table = { features, actions, values, visits }
  const svg = qHeatmap(table, { ...axes, title: 'What it would do', page: true })
  return { label, method, says: says.join(', '), svg }
}

export function learnedSection({ learned = [] }: ReportData): string {
  if (learned.length === 0) return ''
  const parts = learned.map(({ label, method, says, svg }) => {
    const picture = svg ? `<div class="wide learned">${svg}</div>` : ''
    const none = svg ? '' : '<br>Its file holds no training curve.'
    return `<h3>${esc(label)} <small>${esc(method)}</small></h3><p class="hint">${esc(says)}.${none}</p>${picture}`
  })
  return `<section><h2>What was learned</h2>${parts.join('\n')}</section>`
}
