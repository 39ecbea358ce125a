/** The learned table as a picture. */
import { elasticStates, type QTable } from '../../../src/decide/index.ts'
import { qHeatmap } from '../../../src/explain/index.ts'

export function picturesOf({ values, visits }: QTable): Readonly<Record<string, string>> {
  const { features, actions } = elasticStates({ maxUnits: 20 }).shape
  return {
    'q-table.svg': qHeatmap(
      { features, actions, values, visits },
      { rows: 'utilisation', columns: 'capacity', panels: 'forecast', title: 'What Q-learning would do' }
    )
  }
}
