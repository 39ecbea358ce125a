/** Programs from Debian's packages, without installing them: fetched once into the cache, unpacked, run from there. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { liveCache } from './java.ts'

/** The folder that a package is unpacked in; undefined where Debian's packages cannot be had. */
export function unpacked(name: string, packages: readonly string[], program: string): string | undefined {
  const folder = join(liveCache, name)
  if (existsSync(join(folder, program))) return folder
  const get = () => execFileSync('apt-get', ['download', '-q', ...packages], { cwd: folder, stdio: 'pipe' })
  try {
    mkdirSync(folder, { recursive: true })
    try {
      get()
    } catch {
      // Without package lists nothing is found; root may fetch them.
      execFileSync('apt-get', ['update', '-q'], { stdio: 'pipe' })
      get()
    }
    for (const deb of globSync(join(folder, '*.deb'))) execFileSync('dpkg-deb', ['-x', deb, folder])
    return existsSync(join(folder, program)) ? folder : undefined
  } catch (error) {
    process.stderr.write(`no ${name}: ${error instanceof Error ? error.message.split('\n')[0] : error}\n`)
    return undefined
  }
}
