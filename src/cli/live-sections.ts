/** Settings of the live loop, which no command has as flags. */
export const liveSections: readonly string[] = [
  'version',
  'targets',
  'signals',
  'gateways',
  'store',
  'listen',
  'log',
  'lease',
  'gateway'
]
