import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import { type LintServices, readLintContext } from '#functions/merchant-api/scenes/lint-scene.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { sampleContent } from '#functions/merchant-api/test-sends/sample-content.ts'
import { MAX_TEST_SENDS_PER_DAY } from '#shared/adapters/dynamodb/ledger/test-sends.ts'
import type { MerchantId, SceneId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'
import type { ServiceLimit } from '#shared/runtime/http/service-limit.ts'

type Services = Pick<MerchantServices, 'scenes' | 'platform' | 'testSends' | 'queueMessage' | 'nowMs'> &
  LintServices
type Path = MerchantPath & { readonly sceneId: SceneId }

const DAY_S = 86_400

/** They are counted by the day, UTC. */
const limitAfter = (sent: number, nowMs: number): ServiceLimit => ({
  policy: 'test-sends',
  quota: MAX_TEST_SENDS_PER_DAY,
  windowS: DAY_S,
  remaining: Math.max(0, MAX_TEST_SENDS_PER_DAY - sent),
  resetS: DAY_S - (Math.floor(nowMs / 1000) % DAY_S),
})

/** A test reaches whatever number its sender has entered, so the operator's word holds for it, too. */
const requireNotSuspended = async (
  { platform }: Services,
  merchantId: MerchantId,
  signal: AbortSignal,
): Promise<void> => {
  if ((await platform.readSuspension(merchantId, signal)) === undefined) return
  throw new Problem('unprocessable', { detail: 'the operator has suspended the merchant: it sends nothing' })
}

/**
 * Sends a scene's message to the phone that the caller has registered as a customer, with the same account. It asks for no
 * consent, since the caller asks for it; it takes no stock, no cap and no place in the counters.
 */
export const postTestSend: UseCase<Services, Path, unknown, { readonly channel: Channel }> =
  (services) => async (request) => {
    const { caller, path, body, signal } = request
    const { channel } = body
    const scene = await services.scenes.find(path.merchantId, path.sceneId, signal)
    if (scene === undefined) throw new Problem('notFound')
    if (scene.message[channel] === undefined) {
      throw new Problem('unprocessable', { detail: `the scene has no message for ${channel}` })
    }
    await requireNotSuspended(services, path.merchantId, signal)
    const atMs = services.nowMs()
    const reader = await services.testSends.findReader(caller.user, channel, atMs, signal)
    if (reader === 'noPhone') {
      throw new Problem('unprocessable', {
        detail:
          channel === 'sms'
            ? 'your account has no phone number: enter your own in the customer app first'
            : 'your account has no phone for pushes: open the customer app on your own and sign in first',
      })
    }
    const context = await readLintContext(services, path.merchantId, scene, signal)
    const content = context && sampleContent(scene, channel, context, reader.locale)
    if (content === undefined) {
      throw new Problem('unprocessable', { detail: `the message for ${channel} cannot be filled in` })
    }
    const messageId = request.newId('msg')
    const stored = await services.testSends.store(
      caller.user,
      messageId,
      scene,
      channel,
      content,
      atMs,
      signal,
    )
    if (stored === 'erased') throw new Problem('gone')
    if (stored === 'tooMany') {
      const limit = limitAfter(MAX_TEST_SENDS_PER_DAY, atMs)
      throw new Problem('tooManyRequests', { detail: 'that was enough for today', limit })
    }
    // Should this fail, the minute schedule queues it: the message is stored.
    await services.queueMessage(channel, caller.user, messageId, signal)
    const sent = reader.sentToday + (stored === 'stored' ? 1 : 0)
    return { status: 202, body: { messageId, channel }, limit: limitAfter(sent, atMs) }
  }
