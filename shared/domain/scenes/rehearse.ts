import { NO_RELATIONSHIP } from '#shared/domain/customers/relationship.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { hashId, type MerchantId, type UserId } from '#shared/domain/ids.ts'
import { compareFixes, type Fix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import type { Transition } from '#shared/domain/presence/visit.ts'
import { candidatesAmong, occasionKey } from '#shared/domain/scenes/candidate.ts'
import { decide, listensAt, type Outcome } from '#shared/domain/scenes/decide.ts'
import {
  type CustomerFacts,
  type Limits,
  type MerchantFacts,
  NOTHING_SPENT,
  type RecentSend,
} from '#shared/domain/scenes/facts.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'
import type { AddedRules } from '#shared/domain/schedule/lawful-hours.ts'

/** What a trigger of the trace has come to. */
export type RehearsedOutcome = { readonly atMs: number; readonly outcome: Outcome }

export type Rehearsed = {
  readonly transitions: readonly Transition[]
  readonly outcomes: readonly RehearsedOutcome[]
}

/** A timer that an enter has armed. */
type ArmedDwell = { readonly entered: Transition; readonly dwellS: number; readonly dueAtMs: number }

/** The customer agrees to everything, and nobody else speaks: what is silent is so by the scene and its merchant. */
const NO_OTHER_LIMITS: Limits = {
  platformCaps: [],
  merchantCaps: [],
  kindCaps: {},
  maxPressure: Number.MAX_SAFE_INTEGER,
  slotS: 0,
}

const willing = (merchantId: MerchantId, recentSends: readonly RecentSend[]): CustomerFacts => ({
  pushConsent: true,
  smsConsents: new Set([merchantId]),
  hasPushDevice: true,
  hasPhoneNumber: true,
  recentSends,
  mutedMerchants: new Set(),
  caps: [],
  relationships: new Map([[merchantId, { ...NO_RELATIONSHIP, events: [], eventsSinceMs: 0 }]]),
})

const armedBy = (scene: Scene, stores: MerchantFacts['stores'], entered: Transition): ArmedDwell[] =>
  scene.triggers.flatMap((side) =>
    side.type === 'dwell' && listensAt(side.at, entered, stores)
      ? [{ entered, dwellS: side.dwellS, dueAtMs: entered.atMs + side.dwellS * 1000 }]
      : [],
  )

/** Is the visit open when the timer fires, with no exit begun? */
const isInside = ({ entered }: ArmedDwell, { open }: Pick<Folded, 'open'>): boolean =>
  open.some(
    ({ geofenceId, toldAtMs, outsideSinceMs }) =>
      geofenceId === entered.geofenceId && toldAtMs === entered.enteredAtMs && outsideSinceMs === undefined,
  )

const dwellTrigger = ({ entered, dwellS, dueAtMs }: ArmedDwell, user: UserId): Trigger => {
  const { merchantId, geofenceId, visitId, storeId, timeZone } = entered
  return {
    type: 'dwell',
    user,
    merchantId,
    geofenceId,
    visitId,
    dwellS,
    atMs: dueAtMs,
    timeZone,
    ...(storeId !== undefined && { storeId }),
  }
}

/**
 * What a scene would have done for a customer who agrees to everything, along a trace: the engine's transitions, and for each
 * trigger that reaches the scene the outcome with its reason. What it would have sent counts for its own caps. Pure; caps of
 * the platform, other merchants' messages and stock are not looked at.
 *
 * @param scene rehearsed as if it were active
 * @param geofences all of the merchant's, as they are now
 * @param fixes in any order
 * @param addedRules what the operator adds to the law
 * @example rehearse(scene, merchant, [square], fixes, []).outcomes[0]?.outcome.kind // 'granted'
 */
export const rehearse = (
  scene: Scene,
  merchant: MerchantFacts,
  geofences: readonly IndexedGeofence[],
  fixes: readonly Fix[],
  addedRules: AddedRules,
): Rehearsed => {
  const { merchantId } = scene
  const user = hashId('usr', 'rehearsal', scene.id)
  const index = indexOf(geofences)
  const facts = { ...merchant, scenes: [{ ...scene, state: 'active' as const }] }
  const transitions: Transition[] = []
  const outcomes: RehearsedOutcome[] = []
  const spent = new Set<string>()
  let sends: readonly RecentSend[] = []
  let armed: readonly ArmedDwell[] = []
  let presence: Presence = NO_PRESENCE
  let open: Folded['open'] = []

  const hear = (triggers: readonly Trigger[], atMs: number): void => {
    const candidates = candidatesAmong([facts], triggers)
    const merchants = new Map([[merchantId, facts]])
    const known = {
      customer: willing(merchantId, sends),
      merchants,
      isKilled: false,
      addedRules,
      limits: NO_OTHER_LIMITS,
    }
    for (const outcome of decide(candidates, known, { ...NOTHING_SPENT, occasions: spent }, atMs)) {
      outcomes.push({ atMs, outcome })
      if (outcome.kind !== 'granted') continue
      const messageId = hashId('msg', occasionKey(outcome))
      const kind = outcome.messageKind
      sends = [...sends, { atMs, merchantId, sceneId: scene.id, messageId, kind }]
      spent.add(occasionKey(outcome))
    }
  }

  for (const fix of fixes.toSorted(compareFixes)) {
    // Timers fire before what comes later is known.
    for (const one of armed.filter(({ dueAtMs }) => dueAtMs <= fix.atMs)) {
      if (isInside(one, { open })) hear([dwellTrigger(one, user)], one.dueAtMs)
    }
    armed = armed.filter(({ dueAtMs }) => dueAtMs > fix.atMs)
    const folded = fold(user, presence, [fix], index.at, fix.atMs)
    presence = folded.presence
    open = folded.open
    transitions.push(...folded.transitions)
    const entered = folded.transitions.filter(({ type }) => type === 'enter')
    armed = [...armed, ...entered.flatMap((one) => armedBy(scene, merchant.stores, one))]
    const triggers = folded.transitions.map((one): Trigger => ({ ...one, user }))
    if (triggers.length > 0) hear(triggers, fix.atMs)
  }
  return { transitions, outcomes }
}
