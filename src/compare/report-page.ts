/** What the report's script knows about its page while it is open. */
import type { Frame, View } from './report-axis.ts'
import type { El, Win } from './report-dom.ts'
import type { Payload } from './report-payload.ts'

export interface Page {
  readonly win: Win
  readonly data: Payload
  readonly view: View
  readonly canvas: El
  frame: Frame
  waiting: boolean
}
