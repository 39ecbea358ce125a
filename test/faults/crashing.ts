/** A module for a standing thread: what works, what ends the thread, what never ends. */
export const double = (x: unknown): number => 2 * Number(x)

export function crash(): never {
  process.exit(9)
}

export function spin(): void {
  for (;;);
}
