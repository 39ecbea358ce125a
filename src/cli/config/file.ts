/** `prescale.yaml` on disk: read, checked by everybody who knows something about it, settings of commands included. */
import { readFileSync } from 'node:fs'
import { PrescaleError } from '../../base/index.ts'
import { type Config, checkConfig, type Problem, refused, type Said } from '../../config/index.ts'
import { readModelFile } from '../../store/model-file.ts'
import { isParts } from './import-config.ts'
import { problemsOf } from './problems.ts'
import { commandSections, settingsOf } from './sections.ts'

export const CONFIG_FILE = 'prescale.yaml'

export interface CheckedFile {
  /** Absent while there are problems. */
  readonly config?: Config
  readonly problems: readonly Problem[]
}

const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  ENOTDIR: 'a part of its path is a file'
}

/** Errors: NOT_FOUND where there is no file, with where one comes from. */
export function readText(file: string, comesFrom = '`prescale init` writes one'): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    const why = code === 'ENOENT' ? `there is no such file; ${comesFrom}` : (reasons[code] ?? String(cause))
    throw new PrescaleError('NOT_FOUND', `${file} cannot be read: ${why}`, { cause })
  }
}

/** All that is wrong with a text, in its order. Model files that it names are read. */
export async function checkText(text: string): Promise<CheckedFile> {
  const { config, problems, placed, sections } = checkConfig(text, commandSections)
  const found =
    config === undefined
      ? [...problems]
      : [...problemsOf(config, { readModel: once(readModelFile) })].map(placed)
  for (const said of await sectionProblems(sections)) found.push(placed(said))
  const sorted = found.sort((a, b) => a.line - b.line || a.column - b.column)
  return sorted.length > 0 ? { problems: sorted } : { config, problems: [] }
}

/** The config of a file, or its first problem and how many there are. Errors: NOT_FOUND, BAD_INPUT. */
export async function loadConfig(file: string): Promise<Config> {
  const { config, problems } = await checkText(readText(file))
  if (config === undefined) throw refused(file, problems)
  return config
}

/** Sections of commands: settings that are no flags. What the values are worth each command sees when it acts. */
async function sectionProblems(sections: Readonly<Record<string, unknown>>): Promise<Said[]> {
  const said: Said[] = []
  for (const [section, given] of Object.entries(sections)) {
    if (given === null) continue
    if (!isParts(given)) {
      said.push({ path: [section], says: "must be settings, such as 'step: 1m'" })
      continue
    }
    const known = await settingsOf(section)
    if (known === undefined) continue
    for (const name of Object.keys(given)) {
      if (!known.includes(name)) said.push({ path: [section, name], key: true, known, says: 'is no setting' })
    }
  }
  return said
}

function once<T>(read: (path: string) => T): (path: string) => T {
  const kept = new Map<string, T>()
  return (path) => {
    const value = kept.get(path) ?? read(path)
    kept.set(path, value)
    return value
  }
}
