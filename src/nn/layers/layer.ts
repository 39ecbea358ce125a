/** What a kind of layer has to say: which shape it hands on, what it learns, how it runs. */
import type { Random } from '../../base/index.ts'
import { PrescaleError } from '../../base/index.ts'
import type { LayerSpec, Parameter, Tensor } from '../architecture.ts'
import type { Kernels } from '../kernels.ts'

/** Of what flows between layers: [steps, batch, features]. */
export interface Shape {
  readonly steps: number
  readonly features: number
}

/** A learnable tensor before it has a place: it begins uniform in ±bound (plus `offset`, where one is given). */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly bound: number
  readonly offset?: (index: number) => number
}

/** A tensor that is handed on may be longer than what it stands for, and belongs to the layer that made it. */
export interface Layer {
  /** x [steps, batch, features] → the same of the output shape. With `chance` it is a training pass. */
  forward(x: Tensor, batch: number, chance?: Random): Tensor
  /** After a forward: adds to the gradients; may use up `byOut`. Gives the loss by x where it is wanted. */
  backward(byOut: Tensor, batch: number, byInput: boolean): Tensor
}

export interface Place {
  readonly kernels: Kernels
  readonly maxBatch: number
}

export interface LayerKind<Spec extends LayerSpec> {
  /** The shape handed on. Throws `BAD_OPTION` where the layer cannot stand behind such an input. */
  shape(spec: Spec, input: Shape): Shape
  parameters(spec: Spec, input: Shape): readonly ParameterSpec[]
  make(spec: Spec, input: Shape, parameters: readonly Parameter[], place: Place): Layer
}

export type SpecOf<Kind extends LayerSpec['kind']> = Extract<LayerSpec, { readonly kind: Kind }>

/** Throws `BAD_OPTION` unless it is a whole number ≥ 1. */
export function requireCount(value: number, name: string): void {
  if (Number.isInteger(value) && value >= 1) return
  throw new PrescaleError('BAD_OPTION', `${name} must be a whole number, at least 1, was ${value}`)
}

export const noTensor: Tensor = new Float32Array(0)
