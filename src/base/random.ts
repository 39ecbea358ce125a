/**
 * Seeded random numbers: chance is an argument.
 *
 * A generator belongs to a seed and a path of labels, so that every part of a rehearsal draws from a stream of
 * its own: `random(7, 'demand')` does not move when `random(7, 'lead-time')` is used more often. sfc32 (Chris
 * Doty-Humphrey, PractRand) seeded by splitmix32 of the path.
 */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number
  normal(): number
  exponential(): number
  poisson(mean: number): number
  binomial(n: number, p: number): number
  integer(below: number): number
}

/** The generator of a seed and a path of labels: the same numbers for the same path, whatever else was drawn. */
export function random(seed: number, ...path: readonly (string | number)[]): Random {
  return make(sfc32(hash32(seed, path)))
}

/** One uniform number for a place, without state: the same (seed, path, index) always gives the same. */
export function uniformAt(seed: number, label: string | number, index: number): number {
  const high = mix(hash32(seed, [label]) ^ Math.imul(index, 0x9e3779b1))
  return ((high >>> 5) * 67108864 + (mix(high + 0x6d2b79f5) >>> 6)) / 9007199254740992
}

function make(uint32: () => number): Random {
  const next = () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992
  let spare = NaN
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const z = spare
      spare = NaN
      return z
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  const rng: Random = {
    next,
    normal,
    exponential: () => -Math.log(1 - next()),
    integer: (below) => Math.floor(next() * below),
    poisson: (mean) => poisson(rng, mean),
    binomial: (n, p) => binomial(rng, n, p)
  }
  return rng
}

/** Knuth's product below 30, the normal approximation with continuity correction above 1,000, split between. */
function poisson(rng: Random, mean: number): number {
  if (!(mean > 0)) return 0
  if (mean > 1_000) return Math.max(0, Math.round(mean + Math.sqrt(mean) * rng.normal()))
  let count = 0
  for (let rest = mean; rest > 0; rest -= 30) {
    const limit = Math.exp(-Math.min(rest, 30))
    for (let product = rng.next(); product > limit; product *= rng.next()) count++
  }
  return count
}

/** Exact counting below 64 trials or few expected successes; the normal approximation where it is good to 1e-3. */
function binomial(rng: Random, n: number, p: number): number {
  if (!(n > 0) || !(p > 0)) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - binomial(rng, n, 1 - p)
  const variance = n * p * (1 - p)
  if (variance > 100) {
    return Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(variance) * rng.normal())))
  }
  // Waiting times between successes are geometric: expected work n·p, not n (Devroye 1986, ch. X.4.3).
  const logQ = Math.log1p(-p)
  let successes = 0
  for (let trial = 0; ; successes++) {
    trial += Math.floor(Math.log(1 - rng.next()) / logQ) + 1
    if (trial > n) return successes
  }
}

function sfc32(seed: number): () => number {
  let a = mix(seed)
  let b = mix(a ^ 0x9e3779b9)
  let c = mix(b ^ 0x85ebca6b)
  let counter = 1
  const next = () => {
    const out = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + out
    return out >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

function hash32(seed: number, path: readonly (string | number)[]): number {
  let h = mix(seed | 0) ^ mix(Math.floor(seed / 4294967296))
  for (const part of path) {
    for (const char of `${part}/`) h = mix(Math.imul(h, 31) + char.codePointAt(0)!)
  }
  return h
}

/** The finaliser of splitmix32. */
function mix(x: number): number {
  let z = (x + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return z ^ (z >>> 15)
}
