/**
 * Local socket — how `status`, `pause` and `resume` reach a loop that runs on this machine.
 *
 *   one line of JSON { ask, … }  →  one line of JSON { answer } or { error }, then the end
 *
 * The socket is a file that only its owner may open, so there is no password. One that is left from a loop that was killed is replaced;
 * one that a living loop listens on is not.
 */
import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { PrescaleError } from '../base/index.ts'
import type { Json } from '../roles.ts'

export interface LoopSocket {
  close(): Promise<void>
}

export type Asked = { readonly ask: string } & Readonly<Record<string, Json>>

const MOST_BYTES = 65_536
const PATIENCE_MS = 5_000

/** Answers what is asked. Errors: IO where another loop listens already, or the file cannot be made. */
export async function listenLocally(path: string, answer: (asked: Asked) => unknown): Promise<LoopSocket> {
  if (await someoneListens(path)) throw new PrescaleError('IO', `another loop listens on ${path} already`)
  rmSync(path, { force: true })
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    // Whoever left does not wait for the answer.
    socket.on('error', () => {})
    serve(socket, answer)
  })
  server.listen(path)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new PrescaleError(
      'IO',
      `cannot listen on ${path}: ${cause instanceof Error ? cause.message : cause}`,
      { cause }
    )
  }
  chmodSync(path, 0o600)
  return {
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}

function serve(socket: Socket, answer: (asked: Asked) => unknown): void {
  let text = ''
  socket.setEncoding('utf8')
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  socket.on('data', (part: string) => {
    text += part
    if (text.length > MOST_BYTES) return socket.destroy()
    const end = text.indexOf('\n')
    if (end >= 0) socket.end(`${JSON.stringify(said(text.slice(0, end), answer))}\n`)
    return undefined
  })
}

function said(line: string, answer: (asked: Asked) => unknown): object {
  try {
    const asked: unknown = JSON.parse(line)
    const isAsked =
      typeof asked === 'object' && asked !== null && 'ask' in asked && typeof asked.ask === 'string'
    if (!isAsked) throw new PrescaleError('BAD_INPUT', 'must be { "ask": … }')
    return { answer: answer(asked as Asked) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { error: { message, ...(error instanceof PrescaleError && { code: error.code }) } }
  }
}

/** What the running loop answers; `undefined` where none runs. Errors: what it refused with, BAD_ANSWER. */
export async function askLoop(path: string, asked: Asked): Promise<unknown> {
  const socket = createConnection(path)
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
  let text = ''
  try {
    await once(socket, 'connect')
    socket.write(`${JSON.stringify(asked)}\n`)
    socket.setEncoding('utf8')
    for await (const part of socket) text += part
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(code)) return undefined
    throw new PrescaleError(
      'UNREACHABLE',
      `the loop at ${path} does not answer: ${cause instanceof Error ? cause.message : cause}`,
      { cause }
    )
  }
  let reply: { answer?: unknown; error?: { message: string; code?: PrescaleError['code'] } }
  try {
    reply = JSON.parse(text)
  } catch (cause) {
    throw new PrescaleError('BAD_ANSWER', `the loop at ${path} answered no JSON`, { cause })
  }
  if (reply.error) throw new PrescaleError(reply.error.code ?? 'FAILED', reply.error.message)
  return reply.answer
}

async function someoneListens(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
