import type { Command } from 'commander'

/** A command: one line here, one file beside this one that exports `command()`. Loaded only when asked for. */
export interface CommandEntry {
  readonly says: string
  readonly load: () => Promise<{ command(): Command }>
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  experiment: {
    says: 'published tables made again, ours beside theirs',
    load: () => import('./experiment.ts')
  }
}
