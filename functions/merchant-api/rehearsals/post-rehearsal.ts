import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { RehearsalRequest } from '#shared/contracts/http/rehearsals.ts'
import { toWgs84 } from '#shared/domain/geo/datum.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { MerchantId, SceneId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import type { MerchantFacts } from '#shared/domain/scenes/facts.ts'
import { type RehearsedOutcome, rehearse } from '#shared/domain/scenes/rehearse.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<
  MerchantServices,
  'merchants' | 'scenes' | 'offers' | 'readSceneGround' | 'listAllGeofences' | 'readAddedRules' | 'nowMs'
>
type Path = MerchantPath & { readonly sceneId: SceneId }

const iso = (atMs: number): string => new Date(atMs).toISOString()

const fixesOf = ({ fixes, datum }: RehearsalRequest): Fix[] =>
  fixes.map(({ at, ...ping }) => toFix({ ...ping, ...toWgs84(ping, datum), atMs: Date.parse(at) }))

/** Fixes of any time see it as it is drawn now. */
const timeless = ({ former: _, ...geofence }: IndexedGeofence): IndexedGeofence => ({
  ...geofence,
  effectiveAtMs: 0,
})

const offersOf = async (
  { offers }: Services,
  merchantId: MerchantId,
  { offerId }: Scene,
  signal: AbortSignal,
): Promise<Map<Offer['id'], Offer>> => {
  const offer = offerId === undefined ? undefined : await offers.find(merchantId, offerId, signal)
  return new Map(offer ? [[offer.id, offer]] : [])
}

const factsOf = async (
  services: Services,
  merchantId: MerchantId,
  scene: Scene,
  signal: AbortSignal,
): Promise<MerchantFacts> => {
  const [merchant, ground, offers] = await Promise.all([
    services.merchants.find(merchantId, signal),
    services.readSceneGround(merchantId, signal),
    offersOf(services, merchantId, scene, signal),
  ])
  if (merchant === undefined) throw new Problem('notFound')
  if (ground === undefined) {
    throw new Problem('unprocessable', { detail: 'a merchant of so many places cannot be rehearsed' })
  }
  const { name, caps = [] } = merchant
  return { name, caps, isSuspended: false, scenes: [scene], offers, stores: ground.stores }
}

const decisionView = ({ atMs, outcome }: RehearsedOutcome) => ({
  at: iso(atMs),
  trigger: outcome.trigger.type,
  ...(outcome.kind === 'granted'
    ? { result: 'granted', channel: outcome.channel }
    : { result: outcome.reason, ...(outcome.compared && { compared: outcome.compared }) }),
})

/** Answers what a scene, also a draft, would have done along a trace. Nothing is kept of it, and nothing sent. */
export const postRehearsal: MemberUseCase<Services, Path, unknown, RehearsalRequest> =
  (services) =>
  async ({ path, body, signal }) => {
    const { merchantId, sceneId } = path
    const scene = await services.scenes.find(merchantId, sceneId, signal)
    if (scene === undefined) throw new Problem('notFound')
    const facts = await factsOf(services, merchantId, scene, signal)
    const drawn = await services.listAllGeofences(merchantId, signal)
    if (drawn === undefined) {
      const detail = 'a merchant with borders of more than 500,000 positions in all cannot be rehearsed'
      throw new Problem('unprocessable', { detail })
    }
    const geofences = drawn.map(timeless)
    const added = await services.readAddedRules(services.nowMs(), signal)
    const { transitions, outcomes } = rehearse(scene, facts, geofences, fixesOf(body), added)
    return {
      status: 200,
      body: {
        transitions: transitions.map(({ type, atMs, geofenceId, visitId, distanceM, confidence }) => ({
          type,
          at: iso(atMs),
          geofenceId,
          visitId,
          distanceM,
          confidence,
        })),
        decisions: outcomes.map(decisionView),
      },
    }
  }
