/**
 * Fusion — what a gateway says of all its streets together, from what was said of each.
 *
 *   alarm = some street's alarm, and the total has not risen yet       predicted = max(total, rise · usual), else the total
 *   usual ← usual + a·(total − usual) in quiet time                    rise ← rise + (peak/usual − rise)/3 behind every burst
 *
 * The alarm is for what is still to come: as soon as the total stands above `arrived` · usual, everybody can see the burst, and it ends. An
 * alarm that nothing follows for `patience` is dropped. Both are spent until all streets are calm again, so one accident is one alarm.
 * What is usual is a plain mean at first, since the first total may be a part of one, and a burst that stays is the new usual: otherwise a
 * gateway that began with too low a total would take everything for a burst, for ever.
 * How high bursts go is learned from those that came; until then `rise` is believed.
 */
import { type GivenOptions, MINUTE, type OptionTable, readOptions, SECOND } from '../../base/index.ts'
import type { BurstForecast } from '../../roles.ts'
import { gainOf, isMeasured, readings } from './common.ts'

export const fusionOptions = {
  step: { kind: 'duration', default: 5 * SECOND, min: 1, says: 'time between two readings' },
  usual: {
    kind: 'duration',
    default: 10 * MINUTE,
    min: 1,
    says: 'time over which the usual total is learned'
  },
  arrived: {
    kind: 'number',
    default: 1.5,
    min: 1,
    says: 'a total above this many usual ones is the burst itself'
  },
  over: { kind: 'number', default: 1.2, min: 1, says: 'below this many usual ones it is over' },
  rise: { kind: 'number', default: 4, min: 1, says: 'how many usual totals a burst is, before one was seen' },
  patience: {
    kind: 'duration',
    default: 3 * MINUTE,
    min: 1,
    says: 'an alarm that nothing follows is dropped'
  },
  warmUp: {
    kind: 'duration',
    default: 2 * MINUTE,
    min: 0,
    says: 'in this time the total only teaches what is usual'
  },
  stays: {
    kind: 'duration',
    default: 30 * MINUTE,
    min: 1,
    says: 'a burst that lasts this long is the new usual'
  }
} satisfies OptionTable

export type FusionMemory = {
  usual: number | null
  rise: number
  seen: number
  /** The highest total of the burst that is there, in usual ones; 0 when there is none. */
  peak: number
  /** Readings since it came. */
  peakFor: number
  /** Readings since the alarm began, 0 without one. */
  alarmFor: number
  /** The streets' alarms that are on have had their say. */
  spent: boolean
  predicted: number | null
  confidence: number
}

/** What is said of all streets together. */
export interface Fused extends BurstForecast {
  /** Sum of the streets, those that were not measured at what was last said of them; `NaN`: none was. */
  readonly total: number
}

export interface Fusion {
  initial(): FusionMemory
  /** `rates[i]` and `said[i]` belong to street i; the memory is changed in place. */
  update(rates: ArrayLike<number>, said: readonly BurstForecast[], memory: FusionMemory): Fused
}

const LEARNS = 1 / 3

/** Throws `BAD_OPTION` for an option that cannot be. */
export function fusion(given: GivenOptions = {}): Fusion {
  const read = readOptions('fusion', fusionOptions, given)
  const gain = gainOf(readings(read.usual, read.step))
  const patience = readings(read.patience, read.step)
  const warmUp = Math.round(read.warmUp / read.step)
  const stays = readings(read.stays, read.step)
  return {
    initial: () => ({
      usual: null,
      rise: read.rise,
      seen: 0,
      peak: 0,
      peakFor: 0,
      alarmFor: 0,
      spent: false,
      predicted: null,
      confidence: 0
    }),
    update(rates, said, memory) {
      const total = totalOf(rates, said)
      const horizonMs = said[0]?.horizonMs ?? MINUTE
      if (!Number.isNaN(total)) take(total, said, memory)
      const { predicted, alarmFor, confidence } = memory
      return { total, predictedLoad: predicted ?? NaN, burstAlarm: alarmFor > 0, horizonMs, confidence }
    }
  }

  function take(total: number, said: readonly BurstForecast[], memory: FusionMemory): void {
    memory.seen++
    followBurst(total, memory.usual ?? total, memory)
    const usual = memory.usual ?? total
    let surest = -1
    for (const { burstAlarm, confidence } of said) if (burstAlarm) surest = Math.max(surest, confidence)
    if (surest < 0) memory.spent = false
    if (memory.peak > 0 || memory.alarmFor >= patience) memory.spent ||= surest >= 0
    const alarm = surest >= 0 && !memory.spent
    memory.alarmFor = alarm ? memory.alarmFor + 1 : 0
    memory.confidence = alarm ? surest : 0
    memory.predicted = alarm ? Math.max(total, memory.rise * usual) : total
    const quiet = memory.peak === 0 && !alarm
    memory.usual = quiet ? usual + Math.max(gain, 1 / memory.seen) * (total - usual) : usual
  }

  function followBurst(total: number, usual: number, memory: FusionMemory): void {
    if (memory.seen <= warmUp) return
    memory.peakFor = memory.peak > 0 ? memory.peakFor + 1 : 0
    if (memory.peakFor > stays) {
      memory.usual = total
      memory.peak = 0
    } else if (memory.peak === 0 && total > read.arrived * usual) memory.peak = total / usual
    else if (memory.peak > 0 && total < read.over * usual) {
      memory.rise += LEARNS * (memory.peak - memory.rise)
      memory.peak = 0
    } else if (memory.peak > 0) memory.peak = Math.max(memory.peak, total / usual)
  }
}

function totalOf(rates: ArrayLike<number>, said: readonly BurstForecast[]): number {
  let total = NaN
  let unmeasured = 0
  for (let i = 0; i < rates.length; i++) {
    if (isMeasured(rates[i])) total = (Number.isNaN(total) ? 0 : total) + rates[i]
    else if (said[i].predictedLoad > 0) unmeasured += said[i].predictedLoad
  }
  return total + unmeasured
}
