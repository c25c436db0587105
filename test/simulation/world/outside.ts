import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { SNSClient } from '@aws-sdk/client-sns'
import { SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import type { Calls, Service } from '#test/simulation/world/calls.ts'
import { currentInvocation, type Invocation } from '#test/simulation/world/invocations.ts'
import type { Timeline } from '#test/simulation/world/timeline.ts'

const CLOCK = Symbol.for('beckon.clock')

/** What a run puts in the place of everything outside: AWS, the clock, chance, and the log. */
export type Outside = {
  readonly timeline: Timeline
  readonly calls: Calls
  readonly log: (line: string) => void
}

type Command = { readonly input: Record<string, unknown>; readonly constructor: { readonly name: string } }
type Wire = Record<string, never>

const running = (): Invocation => {
  const invocation = currentInvocation()
  if (invocation === undefined) throw new Error('a call from outside of every function')
  return invocation
}

const operationOf = (command: Command): string => command.constructor.name.replace(/Command$/, '')

/** Replaces a member of an object; gives back how to undo it. */
const replace = (target: object, name: string, value: unknown): (() => void) => {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { value, configurable: true, writable: true })
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name)
    else Object.defineProperty(target, name, before)
  }
}

/** Every client of a class, whoever makes it, calls the simulation. */
const replaceClient = (client: { prototype: object }, service: Service, calls: Calls): (() => void) =>
  replace(client.prototype, 'send', (command: Command) =>
    calls.call(running(), service, operationOf(command), command.input),
  )

// Presence is read and written by plain commands, whose way through the SDK is worked out once (adapters/dynamodb/client.ts).
const replaceItemCommand = (
  command: { prototype: object },
  name: 'Get' | 'Put',
  calls: Calls,
): (() => void) =>
  replace(
    command.prototype,
    'resolveMiddleware',
    () =>
      async ({ input }: { input: Record<string, unknown> }) => {
        const plain = (value: unknown) => (value === undefined ? {} : unmarshall(value as Wire))
        const answer = await calls.call(running(), 'dynamodb', name, {
          ...input,
          ...(name === 'Get' ? { Key: plain(input['Key']) } : { Item: plain(input['Item']) }),
          ...(input['ExpressionAttributeValues'] !== undefined && {
            ExpressionAttributeValues: plain(input['ExpressionAttributeValues']),
          }),
        })
        const { Item } = answer as { Item?: Record<string, unknown> }
        return { output: Item === undefined ? {} : { Item: marshall(Item) } }
      },
  )

const replaceTimers = (timeline: Timeline): (() => void)[] => {
  const later = (ms: number, run: () => void): void => {
    const invocation = running()
    timeline.at(timeline.nowMs() + Math.max(0, ms), () => {
      if (!invocation.isDead()) run()
    })
  }
  return [
    replace(timers, 'setTimeout', (run: () => void, ms = 0) => {
      later(ms, run)
      return {}
    }),
    replace(
      timersPromises,
      'setTimeout',
      (ms: number, value: unknown, options: { signal?: AbortSignal } = {}) =>
        new Promise((resolve, reject) => {
          const { signal } = options
          if (signal?.aborted) {
            reject(signal.reason)
            return
          }
          signal?.addEventListener('abort', () => reject(signal.reason))
          later(ms, () => resolve(value))
        }),
    ),
  ]
}

/** Chance is the running function's own, so that the same run has the same luck. */
const replaceChance = (): (() => void)[] => {
  const next = (): number => running().random.next()
  const fill = <T extends ArrayBufferView>(bytes: T): T => {
    if (bytes instanceof Uint8Array)
      for (let index = 0; index < bytes.length; index++) bytes[index] = next() * 256
    return bytes
  }
  const uuid = (): string =>
    'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replaceAll('x', () => Math.floor(next() * 16).toString(16))
  return [
    replace(Math, 'random', next),
    replace(globalThis.crypto, 'getRandomValues', fill),
    replace(crypto, 'randomUUID', uuid),
    replace(crypto, 'randomInt', (below: number) => Math.floor(next() * below)),
  ]
}

let computing = 0
/** Signatures are made in other threads; virtual time waits for them. */
export const isComputing = (): boolean => computing > 0

const CRYPTO = ['importKey', 'sign', 'verify'] as const

const countCrypto = (): (() => void)[] =>
  CRYPTO.map((name) => {
    const real: unknown = Reflect.get(globalThis.crypto.subtle, name)
    return replace(globalThis.crypto.subtle, name, async (...all: unknown[]): Promise<unknown> => {
      computing += 1
      try {
        return typeof real === 'function'
          ? await Reflect.apply(real, globalThis.crypto.subtle, all)
          : undefined
      } finally {
        // Whoever waits for it goes on before time does.
        setImmediate(() => {
          computing -= 1
        })
      }
    })
  })

const replaceLog = (log: (line: string) => void): (() => void)[] =>
  ['log', 'info', 'warn', 'error', 'debug'].map((name) =>
    replace(console, name, (line: unknown) => log(String(line))),
  )

/**
 * Puts the simulation in the place of the outside world, until the function that it gives back is called. Only one run
 * at a time can be in this process.
 */
export const takeOver = ({ timeline, calls, log }: Outside): (() => void) => {
  const undo = [
    replaceClient(DynamoDBDocumentClient, 'dynamodb', calls),
    replaceClient(SQSClient, 'sqs', calls),
    replaceClient(SNSClient, 'sns', calls),
    replaceItemCommand(GetItemCommand, 'Get', calls),
    replaceItemCommand(PutItemCommand, 'Put', calls),
    ...replaceTimers(timeline),
    ...replaceChance(),
    ...countCrypto(),
    ...replaceLog(log),
  ]
  const clockBefore = Reflect.get(globalThis, CLOCK)
  Reflect.set(globalThis, CLOCK, timeline.nowMs)
  syncBuiltinESMExports()
  return () => {
    for (const one of undo.toReversed()) one()
    Reflect.set(globalThis, CLOCK, clockBefore)
    syncBuiltinESMExports()
  }
}
