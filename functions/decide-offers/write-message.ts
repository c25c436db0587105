import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import { validUntilMs } from '#shared/contracts/items/decision.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import { localeChain } from '#shared/domain/messages/locale-chain.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import { type CompiledMessage, compileMessage, renderMessage } from '#shared/domain/messages/template.ts'
import {
  distanceWithinM,
  type MessageVariables,
  validUntilText,
} from '#shared/domain/messages/template-variables.ts'
import { localeOn } from '#shared/domain/scenes/checks.ts'
import type { Granted } from '#shared/domain/scenes/decide.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** By the scene object itself, which the cache of scenes keeps for as long as its revision holds. */
const compiled = new WeakMap<Scene, CompiledMessage>()

/** Undefined for templates that cannot be read: scenes of before templates were checked may hold anything. */
const compiledOf = (scene: Scene): CompiledMessage | undefined => {
  const known = compiled.get(scene)
  if (known) return known
  try {
    const fresh = compileMessage(scene.message)
    compiled.set(scene, fresh)
    return fresh
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const DEFAULT_LOCALE = 'en'

const variablesOf = (
  { scene, trigger, offer }: Granted,
  facts: Facts,
  code: string | undefined,
  locale: string | undefined,
  nowMs: number,
): MessageVariables => {
  const merchant = facts.merchants.get(scene.merchantId)
  const store = trigger.storeId === undefined ? undefined : merchant?.stores.get(trigger.storeId)
  const withinM = 'distanceM' in trigger ? distanceWithinM(trigger.distanceM) : undefined
  const [tag = DEFAULT_LOCALE] = locale === undefined ? [] : localeChain(locale)
  return {
    customer: {},
    merchant: { name: merchant?.name ?? '' },
    ...(store && { store: { name: store.name, ...(withinM !== undefined && { withinM }) } }),
    ...(offer && {
      offer: {
        name: offer.name,
        ...(code !== undefined && { code }),
        validUntil: validUntilText(validUntilMs(offer, nowMs), tag, trigger.timeZone ?? 'UTC'),
      },
    }),
  }
}

/**
 * The winner's message, filled in in the customer's language for every channel that has a template; undefined when the
 * channel that it takes could not be filled in.
 */
export const contentOf = (
  winner: Granted,
  facts: Facts,
  code: string | undefined,
  nowMs: number,
): MessageContent | undefined => {
  const message = compiledOf(winner.scene)
  if (message === undefined) return undefined
  const render = (channel: Channel) => {
    const locale = localeOn(channel, facts.customer)
    return renderMessage(message, channel, locale, variablesOf(winner, facts, code, locale, nowMs))
  }
  const push = render('push')
  const sms = render('sms')
  const content: MessageContent = {
    ...(push.kind === 'push' && { push: push.push }),
    ...(sms.kind === 'sms' && { sms: { ...sms.sms, ...(code !== undefined && { code }) } }),
  }
  return content[winner.channel] === undefined ? undefined : content
}
