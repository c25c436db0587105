import type { MessageFate, MessageReason, MessageState } from '#shared/domain/messages/message.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'

/** What a decision about one message came to. */
export type DecisionResult = 'granted' | SuppressionReason

/**
 * What a customer is told of a decision, in one sentence: from the customer's side, and nothing of other customers or of
 * what the merchant keeps to itself. docs/reasons.md lists them.
 */
export const DECISION_SENTENCES: Readonly<Record<DecisionResult, string>> = {
  granted: 'This message was chosen for you.',
  killSwitch: 'All messages were switched off at that time.',
  merchantSuspended: 'This merchant could not send messages at that time.',
  sceneState: 'This message was not in use at that time.',
  dates:
    'This message is for other days, or for a day of your own, such as your birthday, that we do not know.',
  hours: 'This message is for other hours, or for when the store is open, and we could not tell that it was.',
  place: 'This message is for certain places, and we could not tell that you were at one of them.',
  speed: 'You were passing too fast for this message, or we could not tell how fast.',
  confidence: 'Your position was not exact enough to tell that you were there.',
  marked: 'The position that your phone told did not look reliable.',
  stale: 'The right moment for this message was over.',
  audience: 'This message has conditions that, as far as we know, you did not meet.',
  blocked: 'This merchant has chosen not to send you messages for now; you may ask it to think again.',
  complaintOpen:
    'You have a complaint open with this merchant, so it sends you no offers until you close it.',
  consent:
    'You had not agreed to the way in which this message would reach you, or to the use of your position.',
  muted: 'You had muted this merchant, or all messages.',
  exclusionZone: 'You were at a place, such as a school or a home, where offers are kept silent or few.',
  lawfulHours: 'The law of the place allows no offers at that hour.',
  quietHours: 'It was within your quiet hours.',
  holdout: 'By chance you were chosen not to get this message, so that its effect can be measured.',
  sceneCap: 'You had already received this message as often as we send it.',
  merchantCap: 'You had already received as many messages from this merchant as we let through for now.',
  platformCap: 'You had already received as many messages as we let through for now, or as many as you want.',
  kindCap: 'You had already received as many messages of this kind as we let through for now.',
  budget: 'This message was not sent any more on that day.',
  pressure: 'You had already received enough advertising for now.',
  coolDown: 'You had received this message not long before.',
  occasionUsed: 'This message had already been chosen for you on the same occasion.',
  soldOut: 'The offer had run out or ended, or you had already had your share of it.',
  outranked: 'Another message was chosen for you at that time.',
  noChannel: 'We found no phone of yours for this message, or could not word it for you.',
}

/** What a customer is told of a message that was chosen. */
export const MESSAGE_SENTENCES: Readonly<Record<MessageState, string>> = {
  queued: 'This message was chosen for you and waits to be sent.',
  sending: 'This message was chosen for you and is being sent.',
  sent: 'This message was sent to you.',
  failed: 'This message was chosen for you, but could not be sent.',
  expired: 'This message was chosen for you, but its time was over before it could be sent.',
  unknown: 'This message was chosen for you, but we do not know whether it reached your phone.',
}

/** What a customer is told where a message has a reason for how it ended. */
export const MESSAGE_REASON_SENTENCES: Readonly<Record<MessageReason, string>> = {
  noChannel: 'This message could not be sent: no phone that you agreed to be reached at was left.',
  consent: 'This message was not sent, because you had taken back your consent by then.',
  muted: 'This message was not sent, because you had muted this merchant, or all messages, by then.',
  blocked: 'This message was not sent, because by then this merchant had chosen not to send you messages.',
  complaintOpen: 'This message was not sent, because by then you had a complaint open with this merchant.',
  merchantSuspended: 'This message was not sent, because by then this merchant could not send messages.',
  lawfulHours: 'This message was not sent, because by then the law of the place allowed no offers.',
  optedOut: 'This message was not sent, because your phone number has opted out of text messages.',
  erased: 'This message was not sent, because you had asked for your data to be erased.',
  killSwitch: 'This message was not sent, because all messages were switched off at that time.',
  unreadable: 'This message could not be sent because of a fault of ours.',
  abandoned: 'This message may have been sent: we were interrupted before we could tell.',
  refused: 'This message could not be sent: the service that carries it to phones refused it.',
  unclear: 'This message may have been sent: the service that carries it to phones gave no clear answer.',
}

/** What it was not sent again for denies no more than that: nobody can tell whether it had left before. */
const isToldByReason = ({ state, reason }: MessageFate): boolean =>
  state !== 'unknown' || reason === 'abandoned' || reason === 'unclear'

/**
 * What a customer is told of a decision: of a message that was chosen, what became of it, where that is known.
 *
 * @example explain('quietHours') // 'It was within your quiet hours.'
 * @example explain('granted', { channel: 'push', state: 'sent' }) // 'This message was sent to you.'
 */
export const explain = (result: DecisionResult, fate?: MessageFate): string => {
  if (result !== 'granted' || fate === undefined) return DECISION_SENTENCES[result]
  if (fate.reason === undefined || !isToldByReason(fate)) return MESSAGE_SENTENCES[fate.state]
  return MESSAGE_REASON_SENTENCES[fate.reason]
}
