/**
 * The import rule of ARCHITECTURE.md, as rows: a folder and what it may import. Type-only imports count.
 * Stages are strangers to each other; only `loop`, `gateway`, `compare`, `serve` and `cli` may know several.
 */
const pure = ['forecast', 'adapt', 'decide', 'place', 'sim', 'explain']
const rows = {
  base: [],
  math: ['base'],
  nn: ['base', 'math'],
  net: ['base'],
  observe: ['base', 'math', 'net'],
  forecast: ['base', 'math', 'nn'],
  adapt: ['base', 'math', 'nn'],
  decide: ['base', 'math', 'nn'],
  place: ['base', 'math', 'nn'],
  explain: ['base', 'math', 'nn'],
  sim: ['base', 'math'],
  act: ['base', 'net'],
  store: ['base', 'net'],
  work: ['base'],
  config: ['base'],
  loop: ['base', 'math', ...pure],
  gateway: ['base', 'math', ...pure],
  compare: ['base', 'math', 'loop', 'gateway', ...pure]
}

const mayUseRoles = Object.keys(rows).filter(
  (folder) => !['base', 'math', 'nn', 'net', 'work'].includes(folder)
)
const io =
  '^(node:)?(fs|fs/promises|net|http|https|http2|child_process|worker_threads|dgram|dns|tls|sqlite|cluster)$'
const ioFolders = '(net|observe|act|store|work|serve|cli)'

module.exports = {
  forbidden: [
    ...Object.entries(rows).map(([folder, allowed]) => ({
      name: `${folder}-imports`,
      severity: 'error',
      comment: `src/${folder} may import ${[mayUseRoles.includes(folder) ? 'roles' : '', ...allowed].filter(Boolean).join(', ') || 'nothing of ours'}`,
      from: { path: `^src/${folder}/`, pathNot: '\\.(test|case)\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [
          `^src/(${[folder, ...allowed].join('|')})/`,
          ...(mayUseRoles.includes(folder) ? ['^src/roles\\.ts$'] : [])
        ]
      }
    })),
    {
      name: 'roles-imports',
      severity: 'error',
      comment: 'src/roles.ts may import the types of src/base only',
      from: { path: '^src/roles\\.ts$' },
      to: { path: '^src/', pathNot: '^src/base/' }
    },
    {
      name: 'io-at-the-ends',
      severity: 'error',
      comment: 'only observe, act, store, work, serve and cli may touch the world',
      from: { path: '^src/', pathNot: [`^src/${ioFolders}/`, '\\.(test|case)\\.ts$'] },
      to: { path: io, dependencyTypes: ['core'] }
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] }
  }
}
