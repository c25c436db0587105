import * as z from 'zod'
import { idSchema, instantSchema, pageQuerySchema } from '#shared/contracts/http/primitives.ts'
import type { MerchantId, OfferId } from '#shared/domain/ids.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import { MESSAGE_REASONS, MESSAGE_STATES, type MessageFate } from '#shared/domain/messages/message.ts'
import { explain } from '#shared/domain/scenes/explanations.ts'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'

const reason = z.enum(SUPPRESSION_REASONS)

/** What became of a message. */
export const messageFateSchema = z.strictObject({
  channel: z.enum(CHANNELS).describe('By which it goes.'),
  state: z
    .enum(MESSAGE_STATES)
    .describe(
      '`sent`: taken by Amazon SNS, which does not tell whether a phone showed it. `unknown`: an SMS whose fate nobody can tell; it is not sent again.',
    ),
  reason: z.enum(MESSAGE_REASONS).exactOptional().describe('For what failed or is unknown.'),
})

/** What became of one scene in a decision. */
export const outcomeSchema = z.strictObject({
  sceneId: idSchema('scn'),
  revision: z.int().min(1).describe('The scene’s revision by which it was decided.'),
  trigger: z.string().max(20).describe('What the scene heard: `enter`, `exit`, `dwell`, `event` or `due`.'),
  result: z
    .enum(['granted', ...SUPPRESSION_REASONS])
    .describe('`granted`, or the first check that failed (docs/reasons.md).'),
  passed: z.array(reason).max(SUPPRESSION_REASONS.length).describe('The checks before it, in their order.'),
  compared: z
    .record(z.string().max(40), z.union([z.string().max(200), z.number(), z.boolean()]))
    .exactOptional()
    .describe('What the failing check compared.'),
  distance: z
    .string()
    .max(40)
    .exactOptional()
    .describe('To the geofence’s boundary, in steps; negative inside.'),
  score: z
    .number()
    .exactOptional()
    .describe(
      'What the scene weighed against others of the same moment; absent where it did not come to that.',
    ),
  winnerScore: z
    .number()
    .exactOptional()
    .describe(
      'The score of the scene that won, where another did; a merchant is told of its own scenes alone.',
    ),
  again: instantSchema
    .exactOptional()
    .describe('When a reminder that came outside the open hours is decided on again.'),
  offerId: idSchema('off')
    .exactOptional()
    .describe('Beside `soldOut`: what had run out, where units that return would help.'),
  count: z.int().min(1).describe('How many occasions ended so.'),
  message: messageFateSchema
    .exactOptional()
    .describe('What became of the message of a grant, while it is kept.'),
})

/** Which of the decisions about the customer; without either all of them. */
export const decisionsQuerySchema = pageQuerySchema.extend({
  merchantId: idSchema('mer').exactOptional().describe('Only what became of this merchant’s scenes.'),
  messageId: idSchema('msg').exactOptional().describe('Only what granted this message.'),
})
export type DecisionsQuery = z.output<typeof decisionsQuerySchema>

/** `GET /v1/me/decisions`: what was decided about the customer in the last 30 days, the latest first. */
export const myDecisionSchema = z.strictObject({
  decidedAt: instantSchema.describe('When it was decided.'),
  outcomes: z
    .array(
      outcomeSchema.extend({
        merchantId: idSchema('mer'),
        explanation: z
          .string()
          .max(200)
          .describe(
            'Why, in one English sentence for the customer. An app that speaks another language words `result` and `message` itself.',
          ),
      }),
    )
    .max(1000)
    .describe('What became of each scene that heard it.'),
})

/**
 * `GET /v1/merchants/{merchantId}/scenes/{sceneId}/decisions`. A customer who has not acted with the merchant is not
 * named, and the time is that of the hour.
 */
export const sceneDecisionSchema = z.strictObject({
  decidedAt: instantSchema.describe(
    'When it was decided: the hour only, of a customer who has not acted with the merchant.',
  ),
  user: idSchema('usr')
    .exactOptional()
    .describe('The customer; absent where it has not acted with the merchant.'),
  outcomes: z.array(outcomeSchema).max(100).describe('What became of the scene.'),
})

type ToldOutcome = Omit<z.output<typeof outcomeSchema>, 'passed' | 'message' | 'offerId'> & {
  readonly awaits?: { readonly offerId: OfferId }
}

/** @param fate what became of its message, for a grant */
export const outcomeView = (
  {
    sceneId,
    revision,
    trigger,
    result,
    compared,
    distance,
    score,
    winnerScore,
    again,
    awaits,
    count,
  }: ToldOutcome,
  fate?: MessageFate,
) => ({
  sceneId,
  revision,
  trigger,
  result,
  passed: [...passedBefore(result)],
  ...(compared && { compared }),
  ...(distance !== undefined && { distance }),
  ...(score !== undefined && { score }),
  ...(winnerScore !== undefined && { winnerScore }),
  ...(again !== undefined && { again }),
  ...(awaits && { offerId: awaits.offerId }),
  count,
  ...(fate && { message: fate }),
})

/** An outcome as its customer reads it: with a sentence that says why. */
export const myOutcomeView = (
  outcome: ToldOutcome & { readonly merchantId: MerchantId },
  fate?: MessageFate,
) => ({
  merchantId: outcome.merchantId,
  explanation: explain(outcome.result, fate),
  ...outcomeView(outcome, fate),
})

/** All checks before the one that failed; all there are for a grant. */
const passedBefore = (result: z.output<typeof outcomeSchema>['result']) =>
  result === 'granted'
    ? SUPPRESSION_REASONS
    : SUPPRESSION_REASONS.slice(0, SUPPRESSION_REASONS.indexOf(result))
