import type { ApiClient } from '#local/api-client.ts'
import type { Batch } from '#local/replay/batches.ts'
import type { RegionAnswer } from '#shared/domain/presence/region.ts'

type Drained = { readonly invocations: readonly { readonly function: string; readonly durationMs: number }[] }
type Answer = RegionAnswer & {
  readonly accepted: number
  readonly transitions: readonly { readonly type: string }[]
}
type Sent = { readonly status: number; readonly answer?: Answer }

/** What was seen while playing; durations in ms. */
export type Played = {
  pings: number
  /** Pings that phones took but had no need to send. */
  notSent: number
  requests: number
  wallMs: number
  readonly statuses: Map<number, number>
  readonly transitions: Map<string, number>
  readonly requestMs: number[]
  readonly pingToPublishMs: number[]
  /** What each answer accepted: a batch with too much news for one write is taken in in several. */
  readonly uploads: Batch[]
}

const REQUEST_TIMEOUT_MS = 40_000
/** A request that did not get through is sent again this often, as the phone contract asks for. */
const MAX_TRIES = 5

const post = async (url: string, batch: Batch, from: number, token: string): Promise<Sent> => {
  const pings = batch.pings.slice(from).map(({ atMs, lat, lon, accuracyM, speedMps, mocked }) => ({
    at: new Date(atMs).toISOString(),
    lat,
    lon,
    ...(accuracyM === undefined ? {} : { accuracyM }),
    ...(speedMps === undefined ? {} : { speedMps }),
    ...(mocked === undefined ? {} : { mocked }),
  }))
  const response = await fetch(`${url}/v1/pings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ pings }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  const text = await response.text()
  return response.ok
    ? { status: response.status, answer: JSON.parse(text) as Answer }
    : { status: response.status }
}

const count = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Sends a batch until all of it was accepted; returns the duration of the last request and its answer. */
const sendBatch = async (
  url: string,
  batch: Batch,
  token: string,
  played: Played,
): Promise<{ spentMs: number; answer: Answer | undefined }> => {
  let accepted = 0
  let spentMs = 0
  let last: Answer | undefined
  for (let tries = 0; accepted < batch.pings.length; ) {
    const startedMs = performance.now()
    const { status, answer } = await post(url, batch, accepted, token)
    spentMs = performance.now() - startedMs
    played.requests += 1
    played.requestMs.push(spentMs)
    count(played.statuses, status)
    if (answer) {
      last = answer
      played.uploads.push({ ...batch, pings: batch.pings.slice(accepted, accepted + answer.accepted) })
      accepted += answer.accepted
      for (const { type } of answer.transitions) count(played.transitions, type)
      continue
    }
    tries += 1
    const again = status === 429 || status >= 500
    if (!again || tries >= MAX_TRIES) throw new Error(`pings were answered ${status}`)
  }
  return { spentMs, answer: last }
}

const publishMs = ({ invocations }: Drained): number | undefined => {
  const sends = invocations.filter(({ function: name }) => name === 'send-messages')
  if (sends.length === 0) return undefined
  // The schedule's own sweeps are not on the way of a ping.
  return invocations
    .filter(({ function: name }) => name === 'decide-offers' || name === 'send-messages')
    .reduce((sum, { durationMs }) => sum + durationMs, 0)
}

/** A way to the API on which everything is counted. */
export type Stage = {
  readonly played: Played
  /**
   * Moves the virtual clock to a batch, sends it, and lets everything that follows happen.
   *
   * @returns the answer to its last ping
   */
  readonly play: (batch: Batch) => Promise<RegionAnswer | undefined>
}

/** @param tokens an access token for each user */
export const createStage = (api: ApiClient, url: string, tokens: ReadonlyMap<string, string>): Stage => {
  const played: Played = {
    pings: 0,
    notSent: 0,
    requests: 0,
    wallMs: 0,
    statuses: new Map(),
    transitions: new Map(),
    requestMs: [],
    pingToPublishMs: [],
    uploads: [],
  }
  return {
    played,
    play: async (batch) => {
      await api.post('/_local/advance', { to: batch.atMs })
      const { spentMs, answer } = await sendBatch(url, batch, tokens.get(batch.user) ?? '', played)
      const drained = await api.post<Drained>('/_local/drain', {})
      const restMs = publishMs(drained)
      if (restMs !== undefined) played.pingToPublishMs.push(spentMs + restMs)
      played.pings += batch.pings.length
      return answer
    },
  }
}

/**
 * Plays batches in order of time, all of them.
 *
 * @param onPings told how many pings a batch had
 */
export const playPings = async (
  { play, played }: Stage,
  batches: readonly Batch[],
  onPings: (pings: number) => void,
): Promise<Played> => {
  const startedMs = performance.now()
  for (const batch of batches) {
    await play(batch)
    onPings(batch.pings.length)
  }
  played.wallMs = performance.now() - startedMs
  return played
}
