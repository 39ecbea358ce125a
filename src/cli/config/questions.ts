/** What `init` asks where a terminal is there. Every question has an answer that is taken for an empty line. */

/** Asks one question; an empty answer is `otherwise`. */
export type Ask = (question: string, otherwise: string) => Promise<string>

export interface Answers {
  readonly flink?: string
  readonly job?: string
  readonly prometheus?: string
  readonly query?: string
  readonly policy?: string
  readonly maxReplicas?: string
}

export async function answered(ask: Ask): Promise<Answers> {
  const flink = await maybe(
    ask,
    'Address of Flink’s REST API, such as http://localhost:8081 (empty: no Flink)'
  )
  const job = flink === undefined ? undefined : await ask('Name or id of the job', 'job')
  const prometheus = await maybe(ask, 'Address of Prometheus, such as http://localhost:9090 (empty: none)')
  const query =
    prometheus === undefined
      ? undefined
      : await ask('Query that gives the load in events per second', 'sum(rate(http_requests_total[1m]))')
  if (flink === undefined && prometheus === undefined) return {}
  const policy = await ask('Who decides: mpc, ds2, hpa, flink, …', 'mpc')
  const maxReplicas = await ask('Most units of a resource', '20')
  return { flink, job, prometheus, query, policy, maxReplicas }
}

async function maybe(ask: Ask, question: string): Promise<string | undefined> {
  const answer = await ask(question, '')
  return answer === '' ? undefined : answer
}
