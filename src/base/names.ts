/** The known name closest to a mistyped one (Levenshtein distance), or undefined when none is near. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(given.length / 2)) + 1
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}

/** `'hpaa' is not a policy; did you mean 'hpa'? Known: …` */
export function unknownName(what: string, given: string, known: readonly string[]): string {
  const near = nearestName(given, known)
  const hint = near === undefined ? '' : ` did you mean '${near}'?`
  return `'${given}' is not ${what};${hint} known: ${known.join(', ')}`
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    previous = row
  }
  return previous[b.length]
}
