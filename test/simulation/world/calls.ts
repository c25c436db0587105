import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { toDomainError } from '#shared/adapters/aws-errors.ts'
import type { Faults } from '#test/simulation/world/faults.ts'
import type { Invocation } from '#test/simulation/world/invocations.ts'
import { between, type Random } from '#test/simulation/world/random.ts'
import type { Timeline } from '#test/simulation/world/timeline.ts'

export type Service = 'dynamodb' | 'sqs' | 'sns'
export type Input = Readonly<Record<string, unknown>>

/** Who calls, and what reads that need not be consistent see. */
export type CallFacts = { readonly by: Invocation; readonly asOfMs?: number | undefined }

/** A service of AWS as the simulation plays it. */
export type Perform = (service: Service, command: string, input: Input, facts: CallFacts) => unknown

export type Calls = {
  /** A call of the SDK, from the function that is running; it is answered later in virtual time, or never. */
  readonly call: (invocation: Invocation, service: Service, command: string, input: Input) => Promise<unknown>
  /** How many faults were made, by name. */
  readonly made: ReadonlyMap<string, number>
  /** From now on nothing goes wrong. */
  readonly calm: () => void
}

/** What becomes of a call. */
type Fate =
  | 'done'
  | 'crashBefore'
  | 'crashAfter'
  | 'throttled'
  | 'answerLost'
  | 'repeated'
  | 'conflict'
  | 'unprocessed'

const MAX_STALE_MS = 3000
const READS = new Set(['Get', 'BatchGet', 'Query'])

const named = (name: string): Error => Object.assign(new Error(name), { name })

/** Requests of SNS are sent once: whoever publishes decides whether to do it again. */
const isRepeatable = (service: Service, command: string): boolean =>
  service !== 'sns' || command !== 'Publish'

const fateOf = (service: Service, command: string, random: Random, faults: Faults): Fate => {
  if (random.happens(faults.crash)) return random.next() < 0.5 ? 'crashBefore' : 'crashAfter'
  if (random.happens(faults.throttle)) return 'throttled'
  if (random.happens(faults.lostAnswer)) return 'answerLost'
  if (isRepeatable(service, command) && random.happens(faults.repeat)) return 'repeated'
  if (command === 'TransactWrite' && random.happens(faults.conflict)) return 'conflict'
  if (command === 'BatchGet' && random.happens(faults.unprocessed)) return 'unprocessed'
  return 'done'
}

const latencyMs = (random: Random, faults: Faults): number => {
  if (!random.happens(faults.slow)) return between(random, 1, 12)
  return random.next() < 0.7 ? between(random, 200, 6000) : between(random, 6000, 80_000)
}

const conflict = (input: Input): Error =>
  new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: (input['TransactItems'] as readonly unknown[]).map((_, index) => ({
      Code: index === 0 ? 'TransactionConflict' : 'None',
    })),
  })

type KeysByTable = Readonly<Record<string, { readonly Keys: readonly unknown[] }>>

/** The first key of each table is done, the others are not. */
const inPart = (perform: Perform, input: Input, facts: CallFacts): unknown => {
  const wanted = Object.entries(input['RequestItems'] as KeysByTable)
  const first = wanted.map(([table, request]) => [table, { ...request, Keys: request.Keys.slice(0, 1) }])
  const later = wanted.flatMap(([table, request]) =>
    request.Keys.length > 1 ? [[table, { ...request, Keys: request.Keys.slice(1) }]] : [],
  )
  const answer = perform('dynamodb', 'BatchGet', { RequestItems: Object.fromEntries(first) }, facts)
  return { ...(answer as object), UnprocessedKeys: Object.fromEntries(later) }
}

/** Calls of the SDK in virtual time, with everything that can go wrong on the way. */
export const createCalls = (timeline: Timeline, faults: Faults, perform: Perform): Calls => {
  const made = new Map<string, number>()
  let isCalm = false

  const note = (fault: string): void => {
    made.set(fault, (made.get(fault) ?? 0) + 1)
  }

  const busy = (service: Service): Error =>
    service === 'sns' ? named('TimeoutError') : (toDomainError(named('TimeoutError')) as Error)

  const act = (by: Invocation, fate: Fate, service: Service, command: string, input: Input): unknown => {
    const isStale = READS.has(command) && !isCalm && by.random.happens(faults.stale)
    const asOfMs = isStale ? timeline.nowMs() - between(by.random, 1, MAX_STALE_MS) : undefined
    if (isStale) note('stale')
    if (fate === 'conflict') throw conflict(input)
    if (fate === 'unprocessed') return inPart(perform, input, { by, asOfMs })
    return perform(service, command, input, { by, asOfMs })
  }

  return {
    made,
    calm: () => {
      isCalm = true
    },
    call: (invocation, service, command, input) =>
      new Promise((resolve, reject) => {
        if (invocation.isDead()) return
        const { random } = invocation
        const fate = isCalm ? 'done' : fateOf(service, command, random, faults)
        if (fate !== 'done') note(fate)
        const answer = (): void => {
          try {
            resolve(act(invocation, fate, service, command, input))
          } catch (error) {
            reject(service === 'dynamodb' ? toDomainError(error) : error)
          }
        }
        /** The work is done and nobody hears how it went. */
        const actUnheard = (): void => {
          try {
            act(invocation, fate, service, command, input)
          } catch {
            // A refusal is lost like any other answer.
          }
        }
        const arrive = (): void => {
          if (invocation.isDead()) return
          switch (fate) {
            case 'crashBefore':
              invocation.die()
              return
            case 'crashAfter':
              actUnheard()
              invocation.die()
              return
            case 'throttled':
              reject(
                service === 'sns' ? named('ThrottledException') : toDomainError(named('ThrottlingException')),
              )
              return
            case 'answerLost':
              actUnheard()
              reject(busy(service))
              return
            case 'repeated':
              actUnheard()
              timeline.at(timeline.nowMs() + between(random, 50, 3000), () => {
                if (!invocation.isDead()) answer()
              })
              return
            default:
              answer()
          }
        }
        timeline.at(timeline.nowMs() + (isCalm ? 2 : latencyMs(random, faults)), arrive)
      }),
  }
}
