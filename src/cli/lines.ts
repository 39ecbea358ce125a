/** Lines of a stream as they arrive, in batches: whoever answers a batch at once is fast on files and prompt on pipes. */
export async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string[]> {
  stream.setEncoding('utf8')
  let rest = ''
  let begun = false
  for await (const chunk of stream) {
    // Some editors begin a file with a byte order mark, which no line means.
    const text = begun ? String(chunk) : String(chunk).replace(/^\uFEFF/, '')
    begun = true
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines
  }
  if (rest !== '') yield [rest]
}
