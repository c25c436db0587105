import { createQueueSource } from '#local/cloud/events/queue-source.ts'
import { openQueueStore } from '#local/cloud/queues/queue-store.ts'
import { createSqsEndpoint } from '#local/cloud/queues/sqs-endpoint.ts'
import { openState } from '#local/cloud/state.ts'
import type { QueuePlan } from '#local/cloud/template/cloud-plan.ts'
import type { PeerRequest } from '#local/peers/peer-http.ts'

export type LaneName = 'push' | 'push-apple' | 'sms'
export const LANES = ['push', 'push-apple', 'sms'] as const

/** As the stack makes them: work-queue.ts. */
const MAX_RECEIVES = 5
const VISIBILITY_S = 360

const planOf = (name: string, deadLetters?: string): QueuePlan => ({
  logicalId: name,
  name,
  arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
  url: '',
  delayS: 0,
  visibilityTimeoutS: VISIBILITY_S,
  retentionS: 4 * 86_400,
  ...(deadLetters !== undefined && {
    redrive: {
      targetArn: `arn:aws:sqs:us-east-1:000000000000:${deadLetters}`,
      maxReceiveCount: MAX_RECEIVES,
    },
  }),
})

type Invoke = (event: { readonly Records: unknown[] }) => Promise<object>

/** The queues of send-messages with their event sources and dead letters, on a settable clock. */
export const openLanes = (nowMs: () => number) => {
  const state = openState(undefined)
  const plans = LANES.flatMap((name) => [planOf(name, `${name}-dead`), planOf(`${name}-dead`)])
  const store = openQueueStore(state, plans, nowMs)
  const endpoint = createSqsEndpoint({ store, isVirtual: () => true })
  const queueOf = (name: string): QueuePlan => {
    const queue = store.find(name)
    if (queue === undefined) throw new Error(`no queue ${name}`)
    return queue
  }

  const sourceOf = (name: LaneName, invoke: Invoke) =>
    createQueueSource({
      plan: {
        logicalId: name,
        functionName: 'send-messages',
        queueName: name,
        batchSize: name === 'sms' ? 1 : 10,
        windowS: 0,
        patterns: [],
        reportsItemFailures: true,
      },
      queue: queueOf(name),
      store,
      region: 'us-east-1',
      concurrency: 2,
      nowMs,
      invoke: async (event) => {
        try {
          const payload = JSON.stringify(await invoke(JSON.parse(event)))
          return { ok: true, payload, durationMs: 0, writes: 0, cold: false } as never
        } catch {
          // A function that crashed: the whole batch comes back.
          return { ok: false, durationMs: 0, writes: 0, cold: false } as never
        }
      },
    })

  return {
    handle: (request: PeerRequest) => endpoint.handle(request),
    send: (name: LaneName, body: string) => store.send(queueOf(name), { body }),
    /** Delivers what is visible now, and what that puts on queues, until nothing is. */
    run: async (invoke: Invoke): Promise<void> => {
      const sources = LANES.map((name) => sourceOf(name, invoke))
      while (LANES.some((name) => store.hasVisible(queueOf(name)))) {
        for (const source of sources) await source.run()
      }
    },
    /** When the next message becomes visible. */
    nextAtMs: (): number | undefined => {
      const times = LANES.flatMap((name) => store.nextVisibleAtMs(queueOf(name)) ?? [])
      return times.length === 0 ? undefined : Math.min(...times)
    },
    waiting: (name: LaneName) => store.counts(queueOf(name)),
    /** What was put aside, with the reasons. */
    deadLetters: (name: LaneName) =>
      store
        .receive(queueOf(`${name}-dead`), 100, 0)
        .map(({ body, attributes }) => ({ body, reason: attributes['reason']?.StringValue })),
    purge: () => {
      for (const { name } of plans) store.purge(queueOf(name))
    },
    close: () => state.close(),
  }
}
