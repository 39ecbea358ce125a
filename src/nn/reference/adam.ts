/**
 * Adam — a step as long for every weight as its gradient is steady.
 *
 *   m ← β₁·m + (1 − β₁)·g          v ← β₂·v + (1 − β₂)·g²
 *   w ← w − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * Kingma & Ba 2015, algorithm 1 (as PyTorch: ε outside the root).
 */
import type { Tensor } from '../architecture.ts'
import type { AdamStep } from '../kernels.ts'

export function adam(
  value: Tensor,
  gradient: Tensor,
  m: Tensor,
  v: Tensor,
  length: number,
  { rate, beta1, beta2, epsilon, step, scale }: AdamStep
): void {
  const unbias1 = 1 - beta1 ** step
  const unbias2 = 1 - beta2 ** step
  for (let i = 0; i < length; i++) {
    const g = gradient[i] * scale
    m[i] = beta1 * m[i] + (1 - beta1) * g
    v[i] = beta2 * v[i] + (1 - beta2) * g * g
    value[i] -= (rate * (m[i] / unbias1)) / (Math.sqrt(v[i] / unbias2) + epsilon)
  }
}

export function sumOfSquares(x: Tensor, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += x[i] * x[i]
  return sum
}
