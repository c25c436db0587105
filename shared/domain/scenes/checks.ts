import { type AudienceFacts, explainAudience } from '#shared/domain/customers/audience.ts'
import { hourOfWeek, isBlocked } from '#shared/domain/customers/relationship.ts'
import { type OfferId, shardOf } from '#shared/domain/ids.ts'
import { CHANNELS, type Channel } from '#shared/domain/messages/channel.ts'
import { pickByLocale } from '#shared/domain/messages/locale-chain.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Candidate, occasionKey, sidesThatHear } from '#shared/domain/scenes/candidate.ts'
import { exceedsScarcity, type FullCap, fullCap, isRecent, REMEMBERED } from '#shared/domain/scenes/caps.ts'
import type {
  CustomerFacts,
  DecisionFacts,
  KnownRelationship,
  MerchantFacts,
  Spent,
} from '#shared/domain/scenes/facts.ts'
import { couponOf, isStillPlanned } from '#shared/domain/scenes/occasions.ts'
import type { StorePlace } from '#shared/domain/scenes/places.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import type { MessageKind, Scene, SceneTrigger, Templates } from '#shared/domain/scenes/scene.ts'
import { PRESSURE_WEIGHTS, type PressureKind, pressureOf } from '#shared/domain/scenes/score.ts'
import { isOfPlace } from '#shared/domain/scenes/trigger.ts'
import {
  celebrationOf,
  isWithinDates,
  type Permitted,
  sceneHoursOf,
  speakAgainMs,
  zoneOf,
} from '#shared/domain/scenes/windows.ts'
import { isOpenInAll } from '#shared/domain/schedule/weekly-hours.ts'

/** The values that a check compared, for the trace; nothing in it names a place or a person. */
export type Compared = Readonly<Record<string, string | number | boolean>>

/** Why a check failed; `againMs` is when it might pass, where a clock says so. */
export type Refusal = {
  readonly compared?: Compared
  readonly againMs?: number
  /** The offer whose stock would help, were it to return. */
  readonly awaits?: OfferId
}

/** A candidate with everything that its checks look at. */
export type Case = {
  readonly candidate: Candidate
  readonly facts: DecisionFacts
  readonly customer: CustomerFacts
  readonly merchant: MerchantFacts
  readonly relationship: KnownRelationship | undefined
  readonly store: StorePlace | undefined
  readonly kind: MessageKind
  /** The first of the scene's offer and its substitute that may still be given. */
  readonly offer: Offer | undefined
  /** Undefined where nobody knows which law holds. */
  readonly permitted: Permitted | undefined
  readonly spent: Spent
  readonly nowMs: number
}

type Check = (one: Case) => Refusal | undefined

const FAILED: Refusal = {}
const failedIf = (isFailed: boolean, compared?: Compared): Refusal | undefined =>
  isFailed ? (compared ? { compared } : FAILED) : undefined

const isPromotion = ({ kind }: Case): boolean => kind !== 'service'

/** Stock that returned so long ago may be gone again. */
const MAX_RESTOCK_AGE_S = 24 * 3600

const sidesAt = ({ candidate, merchant }: Case): SceneTrigger[] =>
  sidesThatHear(candidate, merchant.stores)
    .filter(({ place }) => place === 'yes')
    .map(({ side }) => side)

const isSlowEnough = (side: SceneTrigger, { candidate: { trigger } }: Case): boolean => {
  if ((side.type !== 'enter' && side.type !== 'exit') || side.maxSpeedMps === undefined) return true
  const speedMps = 'speedMps' in trigger ? trigger.speedMps : undefined
  return speedMps !== undefined && speedMps <= side.maxSpeedMps
}

const isSureEnough = (side: SceneTrigger, { candidate: { trigger } }: Case): boolean => {
  if ((side.type !== 'enter' && side.type !== 'exit') || side.minConfidence === undefined) return true
  const confidence = 'confidence' in trigger ? trigger.confidence : undefined
  return confidence !== undefined && confidence >= side.minConfidence
}

/** How old the trigger of a case may be, in seconds. */
export const maxAgeS = (one: Case): number => {
  const { scene, trigger } = one.candidate
  if (trigger.type === 'due') return trigger.staleAfterS
  if (trigger.type === 'restock') return MAX_RESTOCK_AGE_S
  const ages = sidesAt(one).map(
    (side) => ('maxAgeS' in side ? side.maxAgeS : undefined) ?? scene.limits.maxAgeS,
  )
  return ages.length === 0 ? scene.limits.maxAgeS : Math.max(...ages)
}

const checkPlace: Check = (one) =>
  failedIf(one.candidate.trigger.type !== 'restock' && sidesAt(one).length === 0)

const checkSpeed: Check = (one) => {
  if (one.candidate.trigger.type === 'restock') return undefined
  const { trigger } = one.candidate
  const speed = 'speedMps' in trigger && trigger.speedMps !== undefined ? { speedMps: trigger.speedMps } : {}
  return failedIf(!sidesAt(one).some((side) => isSlowEnough(side, one)), speed)
}

const checkConfidence: Check = (one) => {
  if (one.candidate.trigger.type === 'restock') return undefined
  const sides = sidesAt(one).filter((side) => isSlowEnough(side, one))
  return failedIf(!sides.some((side) => isSureEnough(side, one)))
}

/** Has what a reminder was planned for come about without it? A new visit, a purchase, a redemption, another birthday. */
const isOver = ({ candidate: { scene, trigger }, customer, relationship, nowMs }: Case): boolean => {
  if (trigger.type !== 'due' || relationship === undefined) return false
  const { birthday, coupons } = customer
  const coupon = couponOf(trigger)
  if (coupon !== undefined && coupons?.get(coupon) === false) return true
  const planned = { ...trigger, relationship, ...(birthday !== undefined && { birthday }) }
  return !isStillPlanned(planned, scene, trigger, nowMs)
}

const checkAge: Check = (one) => {
  const { trigger } = one.candidate
  const ageMs = one.nowMs - (trigger.type === 'due' ? trigger.plannedAtMs : trigger.atMs)
  if (ageMs > maxAgeS(one) * 1000)
    return { compared: { ageS: Math.round(ageMs / 1000), maxAgeS: maxAgeS(one) } }
  return failedIf(isOver(one), { isOver: true })
}

/** In which language a customer reads a channel: pushes follow the phone, as far as it tells. */
export const localeOn = (
  channel: Channel,
  { locale, phoneLocale }: Pick<CustomerFacts, 'locale' | 'phoneLocale'>,
): string | undefined => (channel === 'push' ? (phoneLocale ?? locale) : locale)

const hasTemplate = ({ message }: Scene, channel: Channel, customer: CustomerFacts): boolean =>
  pickByLocale<Templates>(message.locales, localeOn(channel, customer), message).picked[channel] !== undefined

/** Is there something to say on a channel, and may the merchant say it there? */
const maySay = ({ candidate: { scene }, customer }: Case, channel: Channel): boolean =>
  hasTemplate(scene, channel, customer) &&
  (channel === 'push' ? customer.pushConsent : customer.smsConsents.has(scene.merchantId))

const checkAudience: Check = ({ candidate, customer, relationship, nowMs }) => {
  const { audience } = candidate.scene
  if (audience === undefined) return undefined
  const timeZone = zoneOf({ candidate, relationship })
  const facts: AudienceFacts = {
    ...(relationship && {
      relationship,
      events: relationship.events,
      eventsSinceMs: relationship.eventsSinceMs,
    }),
    ...(customer.locale !== undefined && { locale: customer.locale }),
    ...(timeZone !== undefined && { hourOfWeek: hourOfWeek(nowMs, timeZone) }),
  }
  const { verdict, pointer, compared } = explainAudience(audience, facts, nowMs)
  if (verdict === 'yes') return undefined
  return { compared: { condition: pointer, verdict, ...(compared !== undefined && { found: compared }) } }
}

const checkConsent: Check = (one) => {
  const { customer, candidate } = one
  // What was on its way when consent to positions was withdrawn.
  if (customer.locationWithdrawn === true && isOfPlace(candidate.trigger))
    return { compared: { location: 'withdrawn' } }
  return failedIf(!CHANNELS.some((channel) => maySay(one, channel)))
}

const checkMuted: Check = ({ candidate: { scene }, customer, nowMs }) =>
  failedIf(customer.mutedMerchants.has(scene.merchantId) || nowMs < (customer.mutedUntilMs ?? 0))

const VENUE_WINDOW_S = 86_400

const checkSurroundings: Check = (one) => {
  const { surroundings, recentSends } = one.customer
  if (!isPromotion(one) || surroundings === undefined) return undefined
  if (surroundings.isExcluded) return FAILED
  for (const { id, capPerDay } of surroundings.venues) {
    const here = recentSends.filter(({ venueIds }) => venueIds?.includes(id))
    const full = fullCap([{ windowS: VENUE_WINDOW_S, max: capPerDay }], here, one.nowMs)
    if (full) return { compared: comparedOf(full) }
  }
  return undefined
}

const closedUntil = ({ permitted, nowMs }: Case): Refusal => {
  const againMs = permitted && speakAgainMs(permitted, nowMs)
  return againMs === undefined ? FAILED : { againMs, compared: { again: new Date(againMs).toISOString() } }
}

const checkLaw: Check = (one) => {
  if (!isPromotion(one)) return undefined
  if (one.permitted === undefined) return FAILED
  return isOpenInAll(one.permitted.lawful, one.nowMs) ? undefined : closedUntil(one)
}

const checkQuiet: Check = (one) => {
  const waking = one.permitted?.waking ?? []
  // Quiet hours of nobody knows where are kept all day.
  if (one.permitted === undefined && one.customer.quietHours !== undefined) return FAILED
  return isOpenInAll(waking, one.nowMs) ? undefined : closedUntil(one)
}

/** Which of 10,000 places a customer has in a scene's experiment: the same one always. */
export const experimentPlace = (sceneId: string, user: string, salt: string): number =>
  shardOf(`${sceneId}|${user}|${salt}`, 10_000)

/** Is a customer one of those whom a scene leaves alone, so that its effect can be measured? */
export const isHeldOut = ({ id, experiment }: Pick<Scene, 'id' | 'experiment'>, user: string): boolean =>
  experiment !== undefined && experimentPlace(id, user, experiment.salt) < experiment.holdoutPercent * 100

const checkHoldout: Check = ({ candidate: { scene, trigger } }) =>
  failedIf(isHeldOut(scene, trigger.user), { holdoutPercent: scene.experiment?.holdoutPercent ?? 0 })

const comparedOf = ({ cap, sent }: FullCap): Compared => ({ sent, max: cap.max, windowS: cap.windowS })
const refusedBy = (full: FullCap | undefined): Refusal | undefined => full && { compared: comparedOf(full) }

const checkSceneCap: Check = ({ candidate: { scene }, customer, nowMs }) => {
  const own = customer.recentSends.filter(({ sceneId }) => sceneId === scene.id)
  return refusedBy(fullCap(scene.limits.caps ?? [], own, nowMs))
}

const checkMerchantCap: Check = ({ candidate: { scene }, customer, merchant, facts, nowMs }) => {
  const own = customer.recentSends.filter(({ merchantId }) => merchantId === scene.merchantId)
  return refusedBy(fullCap([...facts.limits.merchantCaps, ...merchant.caps], own, nowMs))
}

const checkPlatformCap: Check = ({ customer, facts, nowMs }) =>
  refusedBy(
    fullCap([...facts.limits.platformCaps, ...customer.caps, REMEMBERED], customer.recentSends, nowMs),
  )

const checkKindCap: Check = ({ customer, facts, kind, nowMs }) => {
  const same = customer.recentSends.filter((send) => send.kind === kind)
  return refusedBy(fullCap(facts.limits.kindCaps[kind] ?? [], same, nowMs))
}

/** An offer that is advertised by its scarcity presses harder than another. */
export const pressureKindOf = (
  kind: MessageKind,
  offer: Pick<Offer, 'isScarce'> | undefined,
): PressureKind => (offer?.isScarce ? 'hard' : kind)

/** The pressure that the messages of the last days put on a customer. */
export const pressureOn = ({ recentSends }: CustomerFacts, nowMs: number): number =>
  pressureOf(
    recentSends.map(({ atMs, kind = 'offer', isScarce }) => ({ atMs, kind: isScarce ? 'hard' : kind })),
    nowMs,
  )

/** So that what is told is too much as well. */
const roundedUp = (pressure: number): number => Math.ceil(pressure * 100) / 100

const checkPressure: Check = ({ candidate: { scene }, customer, facts, kind, offer, nowMs }) => {
  const pressure = pressureOn(customer, nowMs)
  const max = facts.limits.maxPressure
  const weight = PRESSURE_WEIGHTS[pressureKindOf(kind, offer)]
  if (kind !== 'service' && pressure + weight > max)
    return { compared: { pressure: roundedUp(pressure), weight, max } }
  const { maxScarcityShare } = scene.limits
  if (maxScarcityShare === undefined || offer?.isScarce === undefined) return undefined
  return failedIf(exceedsScarcity(customer.recentSends, maxScarcityShare, nowMs), { maxScarcityShare })
}

const checkCoolDown: Check = ({ candidate: { scene }, customer, nowMs }) => {
  const { coolDownS } = scene.limits
  const isCooling = customer.recentSends.some(
    (send) => send.sceneId === scene.id && isRecent(send, nowMs, coolDownS * 1000),
  )
  return failedIf(isCooling, { coolDownS })
}

/**
 * The checks in their order; a candidate's reason is the first that fails. `outranked` and `noChannel` follow when all
 * candidates are known (decide.ts). What is not known counts against the message.
 */
export const CHECKS: readonly (readonly [Exclude<SuppressionReason, 'outranked' | 'noChannel'>, Check])[] = [
  ['killSwitch', ({ facts }) => failedIf(facts.isKilled)],
  ['merchantSuspended', ({ merchant }) => failedIf(merchant.isSuspended)],
  ['sceneState', ({ candidate: { scene } }) => failedIf(scene.state !== 'active', { state: scene.state })],
  ['dates', (one) => failedIf(!isWithinDates(one) || celebrationOf(one) === undefined)],
  [
    'hours',
    (one) => {
      const hours = sceneHoursOf(one)
      return failedIf(hours === undefined || !isOpenInAll(hours, one.nowMs))
    },
  ],
  ['place', checkPlace],
  ['speed', checkSpeed],
  ['confidence', checkConfidence],
  ['marked', ({ candidate: { trigger } }) => failedIf('marked' in trigger && trigger.marked === true)],
  ['stale', checkAge],
  ['audience', checkAudience],
  // One that was not read may be a block.
  [
    'blocked',
    ({ relationship, nowMs }) => failedIf(relationship === undefined || isBlocked(relationship, nowMs)),
  ],
  ['complaintOpen', (one) => failedIf(isPromotion(one) && (one.relationship?.openComplaints ?? 0) > 0)],
  ['consent', checkConsent],
  ['muted', checkMuted],
  ['exclusionZone', checkSurroundings],
  ['lawfulHours', checkLaw],
  ['quietHours', checkQuiet],
  ['holdout', checkHoldout],
  ['sceneCap', checkSceneCap],
  ['merchantCap', checkMerchantCap],
  ['platformCap', checkPlatformCap],
  ['kindCap', checkKindCap],
  ['budget', ({ candidate: { scene }, spent }) => failedIf(spent.budgets.has(scene.merchantId))],
  ['pressure', checkPressure],
  ['coolDown', checkCoolDown],
  ['occasionUsed', ({ candidate, spent }) => failedIf(spent.occasions.has(occasionKey(candidate)))],
  [
    'soldOut',
    ({ candidate: { scene }, offer, spent }) => {
      if (scene.offerId === undefined || offer !== undefined) return undefined
      return spent.awaited.has(scene.offerId) ? { awaits: scene.offerId } : FAILED
    },
  ],
]

/**
 * The channel a message takes: the one that the customer prefers, else the one that the scene puts first, else push; the
 * other where that does not reach the customer; undefined when neither does.
 */
export const channelOf = (one: Case): Channel | undefined => {
  const { candidate, customer, spent } = one
  const { scene } = candidate
  if (spent.unreadable.has(scene.id)) return undefined
  const first = customer.preferredChannel ?? scene.message.firstChannel ?? 'push'
  const isReachable = { push: customer.hasPushDevice, sms: customer.hasPhoneNumber }
  return [first, ...CHANNELS].find((channel) => isReachable[channel] && maySay(one, channel))
}
