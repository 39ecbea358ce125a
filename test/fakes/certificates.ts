/** An authority made for one test, and certificates by it: PEM files in a folder of their own, by OpenSSL. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where OpenSSL is not installed, tests of TLS skip themselves. */
export const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
})()

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

export function certificates() {
  const folder = mkdtempSync(join(tmpdir(), 'prescale-tls-'))
  const at = (name: string) => join(folder, name)
  const run = (text: string, ...more: string[]) =>
    execFileSync('openssl', [...text.split(' '), ...more], { cwd: folder, stdio: 'pipe' })
  run('req -x509 -keyout ca.key -out ca.crt -subj /CN=ca -days 1', ...newKey)
  return {
    at,
    read: (name: string) => readFileSync(at(name)),
    /** `NAME.crt` and `NAME.key`; `names` such as `IP:127.0.0.1`. */
    issue(name: string, names: string) {
      run(
        `req -keyout ${name}.key -out ${name}.csr -subj /CN=${name} -addext subjectAltName=${names}`,
        ...newKey
      )
      run(
        `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out ${name}.crt -days 1 -copy_extensions copy`
      )
    },
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}
