/** Where kernels write what they need in between: first what a tile needs on its side, then what a kernel asked for. */

let scratch: usize = 0
/** Rows that are taken through all panels before the next: 64 rows of 64 numbers fill half a first-level cache. */
export const block: usize = 64
/** The results of a panel that is not full before they are cut off; behind them its bias. */
export const cutSize: usize = block * 32
const reserved: usize = cutSize + 32

/** Where kernels may write what they need in between; its size is reckoned in `wasm.ts`. */
export function useScratch(at: usize): void {
  scratch = at
}

export function scratchAt(offset: usize): usize {
  return scratch + reserved + offset
}

/** Where a panel that is not full is reckoned. */
export function sideAt(): usize {
  return scratch
}
