/** One member of a combination: fitted, asked and led on; what goes wrong in it stays in it and is told. */
import { PrescaleError, type Series } from '../base/index.ts'
import type { FitOptions, Fitted, Forecaster, Json } from '../roles.ts'

export interface Member {
  readonly name: string
  /** Why it takes no part any more; undefined while it does. */
  out(): string | undefined
  /** Its forecast of the next steps; `NaN` where it takes no part or does not know. */
  ahead(out: Float64Array): void
  update(more: Series): void
  /** Fitted again, to more; should that fail it goes on as it is. */
  refit(history: Series, options: FitOptions): void
  /** What it learned; null where it takes no part. */
  parameters(): Json
}

/** Never throws, but when it was interrupted. */
export function member(name: string, make: () => Forecaster, history: Series, options: FitOptions): Member {
  let fitted: Fitted | undefined
  let out: string | undefined
  const guard = (work: () => void) => {
    if (out !== undefined) return
    try {
      work()
    } catch (error) {
      if (!(error instanceof Error) || isInterruption(error)) throw error
      out = error.message
      fitted = undefined
    }
  }
  guard(() => {
    fitted = make().fit(history, options)
  })
  return {
    name,
    out: () => out,
    ahead(steps) {
      steps.fill(NaN)
      guard(() => {
        const mean = fitted?.predict(steps.length).mean
        if (!mean?.some(Number.isFinite)) throw new PrescaleError('BAD_INPUT', 'its forecast is no number')
        for (let h = 0; h < mean.length; h++) if (Number.isFinite(mean[h])) steps[h] = mean[h]
      })
    },
    update: (more) =>
      guard(() => {
        fitted = fitted?.update(more)
      }),
    refit(more, again) {
      if (out !== undefined) return
      try {
        fitted = make().fit(more, again)
      } catch (error) {
        if (!(error instanceof Error) || isInterruption(error)) throw error
      }
    },
    parameters() {
      const saved = fitted?.save()
      const { parameters = null } = isObject(saved) ? saved : {}
      return parameters
    }
  }
}

const isInterruption = (error: Error) => error instanceof PrescaleError && error.code === 'INTERRUPTED'

export const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
