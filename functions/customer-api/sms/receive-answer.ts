import type { CustomerServices } from '#functions/customer-api/services.ts'
import { type OptOutServices, optIn, optOut } from '#functions/customer-api/sms/opt-out.ts'
import { phoneHashOf } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { type SnsNotification, snsNotification, twoWaySms } from '#shared/contracts/sns-notification.ts'
import { readAnswer } from '#shared/domain/messages/sms-answer.ts'
import type { OpenRequest } from '#shared/runtime/http/open-route.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

type Services = OptOutServices &
  Pick<CustomerServices, 'verifyNotification' | 'confirmSubscription' | 'answersTopicArn'>

const DONE: Reply = { status: 204 }
/** SNS gives up after an hour or so; what is older was kept by somebody. */
const MAX_AGE_MS = 24 * 3_600_000

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // What is no JSON is no answer to an SMS, and no notification either.
    return undefined
  }
}

const readNotification = async (
  services: Services,
  { body, signal }: OpenRequest,
): Promise<SnsNotification> => {
  const { success, data } = snsNotification.safeParse(json(body))
  if (!success) throw new Problem('invalidRequest')
  const isOurs = data.TopicArn === services.answersTopicArn
  const isFresh = Math.abs(services.nowMs() - Date.parse(data.Timestamp)) < MAX_AGE_MS
  if (!isOurs || !isFresh || !(await services.verifyNotification(data, signal)))
    throw new Problem('forbidden')
  return data
}

/**
 * Takes an answer to an SMS, as AWS publishes it to our topic and SNS posts it here. STOP is meant for the merchant that
 * wrote to the number last, or for all when that is not known.
 */
export const receiveAnswer =
  (services: Services) =>
  async (request: OpenRequest): Promise<Reply> => {
    const { signal } = request
    const notification = await readNotification(services, request)
    if (notification.Type === 'SubscriptionConfirmation') {
      await services.confirmSubscription(notification.TopicArn, notification.Token, signal)
    }
    if (notification.Type !== 'Notification') return DONE
    const sms = twoWaySms.safeParse(json(notification.Message)).data
    const word = sms === undefined ? 'other' : readAnswer(sms.messageBody)
    if (sms === undefined || word === 'other') return DONE
    const phoneHash = phoneHashOf(`+${sms.originationNumber.replace(/^\+/, '')}`)
    const merchantId = await services.suppressions.lastWriter(phoneHash, signal)
    const answer = { phoneHash, merchantId, at: new Date(notification.Timestamp).toISOString() }
    await (word === 'stop' ? optOut : optIn)(services, answer, signal)
    return DONE
  }
