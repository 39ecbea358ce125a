/** A network in one line, such as `gru 64 → gru 64 → dense 14; 24 steps × 1, 38,030 weights`. */
import { type Architecture, type LayerSpec, parameterCount } from '../nn/index.ts'
import type { Json } from '../roles.ts'

/** Of what a method learned; undefined where it holds no network. Looks into what `auto` chose. */
export function networkInWords(parameters: Json): string | undefined {
  const { architecture, learned } = (parameters ?? {}) as {
    readonly architecture?: Architecture | null
    readonly learned?: Json
  }
  if (architecture?.layers !== undefined) return architectureInWords(architecture)
  return learned === undefined ? undefined : networkInWords(learned)
}

export function architectureInWords(architecture: Architecture): string {
  const { steps, inputs, layers } = architecture
  const names = layers.filter(({ kind }) => kind !== 'dropout').map(layerInWords)
  const count = parameterCount(architecture).toLocaleString('en-US')
  return `${names.join(' → ')}; ${steps} steps × ${inputs}, ${count} weights`
}

function layerInWords(layer: LayerSpec): string {
  switch (layer.kind) {
    case 'gru':
      return `gru ${layer.units} (reset ${layer.reset})`
    case 'lstm':
      return `lstm ${layer.units}`
    case 'dense':
      return `dense ${layer.units}`
    case 'conv':
      return `conv ${layer.filters}×${layer.size}${layer.dilation > 1 ? ` dilated ${layer.dilation}` : ''}`
    case 'residual':
      return `residual ${layer.filters}×${layer.size} dilated ${layer.dilation}`
    case 'max-pool':
      return `max-pool ${layer.size}`
    default:
      return layer.kind
  }
}
