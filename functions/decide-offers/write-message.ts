import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import { validUntilMs } from '#shared/contracts/items/decision.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import { type CompiledMessage, compileMessage, renderMessage } from '#shared/domain/messages/template.ts'
import {
  distanceWithinM,
  type MessageVariables,
  validUntilText,
} from '#shared/domain/messages/template-variables.ts'
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
  nowMs: number,
): MessageVariables => {
  const merchant = facts.merchants.get(scene.merchantId)
  const store = trigger.storeId === undefined ? undefined : merchant?.stores.get(trigger.storeId)
  const withinM = 'distanceM' in trigger ? distanceWithinM(trigger.distanceM) : undefined
  const locale = facts.customer.locale ?? DEFAULT_LOCALE
  return {
    customer: {},
    merchant: { name: merchant?.name ?? '' },
    ...(store && { store: { name: store.name, ...(withinM !== undefined && { withinM }) } }),
    ...(offer && {
      offer: {
        name: offer.name,
        ...(code !== undefined && { code }),
        validUntil: validUntilText(validUntilMs(offer, nowMs), locale, trigger.timeZone ?? 'UTC'),
      },
    }),
  }
}

/** A text message without the code would be no offer: where the template does not place it, it stands at the end. */
const withCode = (body: string, code: string | undefined): string =>
  code === undefined || body.includes(code) ? body : `${body} Code ${code}`

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
  const { locale } = facts.customer
  const variables = variablesOf(winner, facts, code, nowMs)
  const push = renderMessage(message, 'push', locale, variables)
  const sms = renderMessage(message, 'sms', locale, variables)
  const content: MessageContent = {
    ...(push.kind === 'push' && { push: push.push }),
    ...(sms.kind === 'sms' && { sms: { body: withCode(sms.sms.body, code) } }),
  }
  return content[winner.channel] === undefined ? undefined : content
}
