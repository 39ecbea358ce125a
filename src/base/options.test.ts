import { describe, expect, it } from 'vitest'
import { nearestName } from './names.ts'
import { type OptionTable, readOptions } from './options.ts'

const table = {
  target: { kind: 'number', default: 0.8, min: 0, max: 1, says: 'utilisation' },
  window: { kind: 'duration', default: 60_000, says: 'how far it looks back' },
  units: { kind: 'integer', min: 1, says: 'a size' },
  mode: { kind: 'text', default: 'max', oneOf: ['max', 'min'], says: 'which wins' },
  strict: { kind: 'boolean', default: false, says: 'whether' }
} satisfies OptionTable

describe('options', () => {
  it('fills in defaults, reads texts and leaves absent what has no default', () => {
    expect(readOptions('p', table, { target: '.5', window: '5m', strict: 'true' })).toEqual({
      target: 0.5,
      window: 300_000,
      mode: 'max',
      strict: true
    })
  })

  it.each([
    [{ taget: 1 }, "'taget' is not an option of p; did you mean 'target'?"],
    [{ target: 2 }, 'p.target must be a number, at least 0, at most 1, was 2'],
    [{ target: 'high' }, "p.target must be a number, was 'high'"],
    [{ target: '' }, "p.target must be a number, was ''"],
    [{ target: Number.NaN }, 'p.target must be a number, was NaN'],
    [{ units: 1.5 }, 'p.units must be a whole number, was 1.5'],
    [{ window: 'soon' }, 'p.window must be a duration'],
    [{ mode: 'mid' }, "p.mode must be one of max, min, was 'mid'"],
    [{ strict: 'yes' }, "p.strict must be true or false, was 'yes'"]
  ])('refuses %j in one clear line', (given, message) => {
    expect(() => readOptions('p', table, given)).toThrow(message)
  })

  it('knows the name that was meant, and keeps silent when none is near', () => {
    expect(nearestName('knativ', ['hpa', 'knative', 'mpc'])).toBe('knative')
    expect(nearestName('zzzzzz', ['hpa', 'knative', 'mpc'])).toBeUndefined()
  })
})
