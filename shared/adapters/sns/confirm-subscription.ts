import { ConfirmSubscriptionCommand, SNSClient } from '@aws-sdk/client-sns'
import { toDomainError } from '#shared/adapters/aws-errors.ts'

/** Tells SNS that its subscription is wanted; safe to repeat. */
export type ConfirmSubscription = (topicArn: string, token: string, signal?: AbortSignal) => Promise<void>

/**
 * Confirms subscriptions with the function's own rights, so that only somebody with rights can end them.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
 */
export const createConfirmSubscription = (): ConfirmSubscription => {
  const client = new SNSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  })
  return async (TopicArn, Token, signal) => {
    const command = new ConfirmSubscriptionCommand({ TopicArn, Token, AuthenticateOnUnsubscribe: 'true' })
    await client.send(command, signal ? { abortSignal: signal } : {}).catch((error: unknown) => {
      throw toDomainError(error)
    })
  }
}
