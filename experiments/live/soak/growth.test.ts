import { describe, expect, it } from 'vitest'
import { random } from '../../../src/base/index.ts'
import { claimsOf, minutesOf } from './growth.ts'
import type { Seen } from './run.ts'

const about = {
  minutes: 60,
  targets: 3,
  tickMs: 1_000,
  faults: Object.fromEntries([...'abcdefg'].map((k) => [k, 1]))
}

/** An hour of samples every ten seconds that grows or stalls as told; what grows does so from the beginning. */
function hour({
  heapPerHour = 0,
  descriptorsPerHour = 0,
  storePerHour = 0,
  missed = 0,
  speed = 1
} = {}): Seen[] {
  const rng = random(1, 'soak')
  return Array.from({ length: 360 }, (_, i): Seen => {
    const hours = i / 360
    // What fills up in a warm-up is no growth.
    const warm = Math.min(hours, 0.2)
    return {
      atMs: i * 10_000,
      heapMiB: 36 + 10 * warm + heapPerHour * hours + 0.3 * rng.normal(),
      externalMiB: 11,
      rssMiB: 190 + 20 * warm + rng.normal(),
      gatewayRssMiB: 150 + 3 * rng.normal(),
      descriptors: 41 + Math.floor(descriptorsPerHour * hours),
      sockets: 2,
      timers: 9,
      delayP99Ms: 50,
      delayMaxMs: 90,
      storeMiB: 5 + storePerHour * hours,
      cpuS: 2 + 0.03 * 10 * i,
      turns: Math.round(30 * i * speed),
      missed,
      commands: i,
      refused: 0,
      woken: 0,
      complaints: 0
    }
  })
}

const failing = (seen: readonly Seen[]) =>
  claimsOf(seen, minutesOf(seen), about)
    .filter(({ holds }) => !holds)
    .map(({ id }) => id)

describe('the claims of the soak', () => {
  it('all hold where only the warm-up grows', () => {
    expect(failing(hour())).toEqual([])
  })

  it.each([
    ['heapMiB', { heapPerHour: 3 }],
    ['descriptors', { descriptorsPerHour: 6 }],
    ['storeMiB', { storePerHour: 2 }],
    ['missed', { missed: 1 }],
    ['turns', { speed: 0.98 }]
  ])('%s does not where it should not: %j', (id, wrong) => {
    expect(failing(hour(wrong))).toEqual([id])
  })

  it('of a short run say nothing about growth', () => {
    const seen = hour({ heapPerHour: 100 })
    const ids = claimsOf(seen, minutesOf(seen), { ...about, minutes: 3 }).map(({ id }) => id)
    expect(ids).toEqual(['turns', 'missed', 'cpu', 'faults'])
  })
})
