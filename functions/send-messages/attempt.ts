import type { SmsRecipients } from '#shared/adapters/dynamodb/customers/sms-recipients.ts'
import type { ReadAddedRules } from '#shared/adapters/dynamodb/ledger/added-rules.ts'
import type { ReadStanding } from '#shared/adapters/dynamodb/ledger/merchant-standing.ts'
import type { Ending, MessageStore } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import type { DeleteEndpoint } from '#shared/adapters/sns/endpoints.ts'
import type { Published, Publisher } from '#shared/adapters/sns/publisher.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'

/** A queue of messages: each has its own workers, so that a slow one holds up no other. `push` is FCM's. */
export type Lane = 'push' | 'pushApple' | 'sms'

/** What is on the queues: a message by name. */
export type OutboxEntry = { readonly user: UserId; readonly messageId: MessageId }

export type SendServices = {
  readonly messages: MessageStore
  readonly recipients: SmsRecipients
  readonly publisher: Publisher
  readonly deleteEndpoint: DeleteEndpoint
  readonly queue: (lane: Lane, entry: OutboxEntry, delayS: number, signal?: AbortSignal) => Promise<void>
  /** Has the operator switched everything off? At most 5 s old. */
  readonly isKilled: (nowMs: number, signal?: AbortSignal) => Promise<boolean>
  /** What the operator adds to the law, at most 5 s old. */
  readonly addedRules: ReadAddedRules
  /** What may have changed between customer and merchant since a message was granted. */
  readonly standingOf: ReadStanding
  /** From 0 to below 1. */
  readonly random: () => number
  /** A code for an opt-out link that nobody can guess. */
  readonly newStopCode: () => string
  /** The beginning of opt-out links; without it recipients opt out by an answer. */
  readonly optOutUrl?: string
  /** SNS refuses what we are: our rights, our credentials. Somebody has to know. */
  readonly onFault: (messageId: MessageId, reason: string) => void
}

/** How an attempt to send a message ended. */
export type Attempt =
  | { readonly kind: 'ended'; readonly ending: Ending }
  /** Surely not sent; to be tried again. */
  | { readonly kind: 'again'; readonly reason: string; readonly isFault: boolean }
  /** Nobody can tell, and a repeat does no harm. */
  | { readonly kind: 'unclear'; readonly reason: string }
  /** No phone takes a push; an SMS is welcome. */
  | { readonly kind: 'bySms' }

export const failed = (reason: string): Attempt => ({ kind: 'ended', ending: { state: 'failed', reason } })

/** What the answer of SNS means for a message. */
export const attemptOf = (published: Published): Attempt => {
  switch (published.kind) {
    case 'taken':
      return { kind: 'ended', ending: { state: 'sent', snsMessageId: published.snsMessageId } }
    case 'notTaken':
      return { kind: 'again', reason: published.reason, isFault: published.isFault }
    case 'refused':
      return failed(published.reason)
    case 'unclear':
      return { kind: 'unclear', reason: published.reason }
    default:
      return published satisfies never
  }
}
