import type { Command } from 'commander'

/** A command: one line here, one file beside this one that exports `command()`. Loaded only when asked for. */
export interface CommandEntry {
  readonly says: string
  readonly load: () => Promise<{ command(): Command }>
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  rehearse: {
    says: 'all policies on one trace in one world, paired: table, JSON, HTML report',
    load: () => import('./rehearse.ts')
  },
  forecast: {
    says: 'what is coming: mean and quantiles of the next steps',
    load: () => import('./forecast.ts')
  },
  backtest: {
    says: 'compare forecasters by rolling origin: each is told only what it could have known',
    load: () => import('./backtest.ts')
  },
  train: {
    says: 'fits a method to a history and keeps what it learned in a file',
    load: () => import('./train.ts')
  },
  decide: {
    says: 'one policy as a filter: JSON lines of observations in, decisions out',
    load: () => import('./decide.ts')
  },
  run: {
    says: 'the live loop: watches, forecasts, decides and says what it would do; with --apply it does it',
    load: () => import('./run.ts')
  },
  gateway: {
    says: 'the loop at the edge: counts raw messages, predicts bursts, warns the cloud, forwards raw data',
    load: () => import('./gateway.ts')
  },
  status: {
    says: 'what the running loop is doing; else what its record says',
    load: () => import('./status.ts')
  },
  pause: {
    says: 'nothing is commanded any more, for one target or for all',
    load: () => import('./pause.ts')
  },
  resume: {
    says: 'lets targets go on that were paused',
    load: () => import('./resume.ts')
  },
  explain: {
    says: 'why it decided that, and what would have changed it',
    load: () => import('./explain.ts')
  },
  diff: {
    says: 'what two targets decided otherwise, or one target at two moments',
    load: () => import('./diff.ts')
  },
  experiment: {
    says: 'published tables made again, ours beside theirs',
    load: () => import('./experiment.ts')
  },
  init: {
    says: 'writes a commented prescale.yaml to start from',
    load: () => import('./init.ts')
  },
  validate: {
    says: 'every problem of a config, with line and column',
    load: () => import('./validate.ts')
  },
  doctor: {
    says: 'checks this machine, loads and every system of a config; says how to mend what is wrong',
    load: () => import('./doctor.ts')
  }
}
