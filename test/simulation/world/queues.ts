import type { Faults } from '#test/simulation/world/faults.ts'
import { between, randomFor } from '#test/simulation/world/random.ts'
import type { Timeline } from '#test/simulation/world/timeline.ts'

export type QueueMessage = {
  readonly id: string
  readonly body: string
  receives: number
}

/** Takes a batch off a queue; answers which messages failed, or that all did. */
export type Worker = (
  batch: readonly QueueMessage[],
  onEnd: (failed: ReadonlySet<string> | 'all') => void,
) => void

export type QueueSpec = {
  readonly name: string
  readonly batchSize: number
  readonly visibilityS: number
  readonly work: Worker
}

export type Entry = { readonly Id: string; readonly MessageBody: string; readonly DelaySeconds?: number }

/** Queues as SQS has them: at least once, in any order, put aside after five times. */
export type Queues = {
  readonly send: (url: string, entries: readonly Entry[]) => void
  /** How many messages are on the queues, or under way. */
  readonly waiting: () => number
  readonly deadLetters: readonly { readonly queue: string; readonly body: string }[]
  /** Gives what was put aside back to its queue, as an operator does. */
  readonly redrive: () => number
  readonly calm: () => void
}

const MAX_RECEIVES = 5
const MAX_DELAY_S = 900

export const createQueues = (
  specs: readonly QueueSpec[],
  timeline: Timeline,
  faults: Faults,
  seed: number,
): Queues => {
  const byName = new Map(specs.map((spec) => [spec.name, spec]))
  let deadLetters: { queue: string; body: string }[] = []
  const visible = new Map<string, QueueMessage[]>(specs.map(({ name }) => [name, []]))
  const sent = new Map<string, number>()
  let waiting = 0
  let isCalm = false

  const pump = (spec: QueueSpec): void => {
    const ready = visible.get(spec.name) ?? []
    const batch = ready.splice(0, spec.batchSize)
    if (batch.length === 0) return
    for (const message of batch) message.receives += 1
    spec.work(batch, (failed) => {
      for (const message of batch) {
        if (failed === 'all' || failed.has(message.id)) comeBack(spec, message)
        else acknowledge(spec, message)
      }
    })
  }

  const show = (spec: QueueSpec, message: QueueMessage, afterMs: number): void => {
    timeline.at(timeline.nowMs() + afterMs, () => {
      visible.get(spec.name)?.push(message)
      timeline.at(timeline.nowMs() + 5, () => pump(spec))
    })
  }

  const comeBack = (spec: QueueSpec, message: QueueMessage): void => {
    if (message.receives < MAX_RECEIVES) {
      show(spec, message, spec.visibilityS * 1000)
      return
    }
    waiting -= 1
    deadLetters.push({ queue: spec.name, body: message.body })
  }

  const acknowledge = (spec: QueueSpec, message: QueueMessage): void => {
    const random = randomFor(seed, `${spec.name} ${message.id} ${message.receives}`)
    if (!isCalm && message.receives < MAX_RECEIVES && random.happens(faults.duplicate))
      show(spec, message, between(random, 1, 400_000))
    else waiting -= 1
  }

  const take = (spec: QueueSpec, body: string, delayS: number): void => {
    const count = (sent.get(body) ?? 0) + 1
    sent.set(body, count)
    const id = `${body} #${count}`
    const random = randomFor(seed, `${spec.name} ${id}`)
    const late =
      !isCalm && random.happens(faults.delay) ? between(random, 1000, 300_000) : between(random, 1, 60)
    waiting += 1
    show(spec, { id, body, receives: 0 }, delayS * 1000 + late)
    // Sometimes two workers get it at once.
    if (isCalm || !random.happens(faults.duplicate)) return
    waiting += 1
    show(spec, { id: `${id} twin`, body, receives: 0 }, delayS * 1000 + late + between(random, 0, 20))
  }

  return {
    send: (url, entries) => {
      const name = url.split('/').at(-1) ?? ''
      for (const { MessageBody, DelaySeconds = 0 } of entries) {
        if (DelaySeconds > MAX_DELAY_S) throw new Error('a delay that SQS does not know')
        const spec = byName.get(name)
        if (spec === undefined) deadLetters.push({ queue: name.replace(/-dead$/, ''), body: MessageBody })
        else take(spec, MessageBody, DelaySeconds)
      }
    },
    waiting: () => waiting,
    get deadLetters() {
      return deadLetters
    },
    redrive: () => {
      const all = deadLetters
      deadLetters = []
      for (const { queue, body } of all) {
        const spec = byName.get(queue)
        if (spec !== undefined) take(spec, body, 0)
      }
      return all.length
    },
    calm: () => {
      isCalm = true
    },
  }
}
