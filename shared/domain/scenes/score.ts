import { createHash } from 'node:crypto'
import type { MerchantId, SceneId, UserId } from '#shared/domain/ids.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'
import { DAY_MS } from '#shared/domain/schedule/local-time.ts'

/** `hard` is an offer that presses: scarce, or ending soon. */
export type PressureKind = MessageKind | 'hard'

/** How heavily a message lies on whom it reaches: a greeting is a quarter of an offer. */
export const PRESSURE_WEIGHTS = {
  greeting: 0.25,
  content: 0.5,
  service: 0.75,
  offer: 1,
  hard: 2,
} as const satisfies Record<PressureKind, number>
const HEAVIEST = PRESSURE_WEIGHTS.hard

/** After so many days a message is forgotten; until then its weight sinks evenly. */
export const PRESSURE_DAYS = 7
/** As much as four offers just now: more pressure counts no more. */
export const FULL_PRESSURE = 4

/**
 * How much pressure messages of the last `PRESSURE_DAYS` days still put on a customer, all merchants together.
 *
 * @param sends at most 200; those of later than now weigh as if they were of now
 * @param nowMs ms since the epoch
 * @returns 0 or more; one offer sent just now is 1
 * @example pressureOf([{ atMs: nowMs, kind: 'offer' }, { atMs: nowMs - 3.5 * DAY_MS, kind: 'hard' }], nowMs) // 2
 */
export const pressureOf = (
  sends: readonly { readonly atMs: number; readonly kind?: PressureKind }[],
  nowMs: number,
): number =>
  sends.reduce((sum, { atMs, kind = 'offer' }) => {
    const left = 1 - Math.max(0, nowMs - atMs) / (PRESSURE_DAYS * DAY_MS)
    return sum + PRESSURE_WEIGHTS[kind] * Math.max(0, left)
  }, 0)

/** What a score is made of. What is not known takes the middle, so that it neither helps nor harms. */
export type ScoreFacts = {
  /** 0 to 100. */
  readonly priority: number
  /** Metres to the boundary of the geofence, negative inside; absent where the trigger has no place. */
  readonly distanceM?: number
  /** How closely the audience was cut, 0 to 1, from `audienceSpecificity`. */
  readonly fit: number
  /** How old the trigger is, and how old it may be, in seconds. */
  readonly ageS: number
  readonly maxAgeS: number
  /** When the merchant's latest message went to the customer, ms since the epoch; absent: never. */
  readonly lastFromMerchantMs?: number
  readonly kind: PressureKind
  /** From `pressureOf`. */
  readonly pressure: number
}

/** The share of each part in the score; they add up to 1. */
export const SCORE_WEIGHTS = {
  priority: 0.4,
  distance: 0.15,
  fit: 0.15,
  freshness: 0.1,
  rest: 0.1,
  ease: 0.1,
} as const
export type ScorePart = keyof typeof SCORE_WEIGHTS

export const MAX_SCORE = 1000
/** At this distance the part of the distance is half. */
const HALF_DISTANCE_M = 200
/** Whoever has not heard from a merchant for so long has rested fully. */
const FULL_REST_DAYS = 30
const NOT_KNOWN = 0.5

const unit = (value: number): number => (Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0)

const distancePart = (distanceM: number | undefined): number =>
  distanceM === undefined ? NOT_KNOWN : 1 / (1 + Math.max(0, distanceM) / HALF_DISTANCE_M)

/**
 * The parts of a score, each from 0 to 1:
 *
 * - `priority`: what the merchant gave the scene, of 100
 * - `distance`: 1 inside, 1 / (1 + d / 200 m) outside
 * - `fit`: how closely the audience was cut
 * - `freshness`: 1 for a trigger of now, 0 for one as old as is allowed
 * - `rest`: days since the merchant's latest message, of 30; 1 if there was none
 * - `ease`: 1 while the customer is under no pressure; the heavier the message, the more it loses with pressure
 */
export const scoreParts = (facts: ScoreFacts, nowMs: number): Record<ScorePart, number> => {
  const { lastFromMerchantMs, kind, pressure } = facts
  const burden = (PRESSURE_WEIGHTS[kind] / HEAVIEST) * unit(pressure / FULL_PRESSURE)
  return {
    priority: unit(facts.priority / 100),
    distance: unit(distancePart(facts.distanceM)),
    fit: unit(facts.fit),
    freshness: unit(1 - facts.ageS / facts.maxAgeS),
    rest:
      lastFromMerchantMs === undefined ? 1 : unit((nowMs - lastFromMerchantMs) / (FULL_REST_DAYS * DAY_MS)),
    ease: unit(1 - burden),
  }
}

const SCORE_PARTS: readonly ScorePart[] = ['priority', 'distance', 'fit', 'freshness', 'rest', 'ease']

/**
 * How good a message would be for a customer now: 1000 × the sum of `SCORE_WEIGHTS` × `scoreParts`. Nothing in it
 * depends on how large a merchant is.
 *
 * @param nowMs ms since the epoch
 * @returns a whole number from 0 to `MAX_SCORE`
 * @example scoreOf({ priority: 100, distanceM: -5, fit: 1, ageS: 0, maxAgeS: 300, kind: 'greeting', pressure: 0 }, nowMs) // 1000
 */
export const scoreOf = (facts: ScoreFacts, nowMs: number): number => {
  const parts = scoreParts(facts, nowMs)
  const sum = SCORE_PARTS.reduce((total, part) => total + SCORE_WEIGHTS[part] * parts[part], 0)
  return Math.round(sum * MAX_SCORE)
}

/**
 * A number that depends on its parts alone and is as good as drawn: below 2^48, the same everywhere and always.
 *
 * @example fairHash('a', 'bc') === fairHash('ab', 'c') // false
 */
export const fairHash = (...parts: readonly string[]): number =>
  createHash('sha256').update(JSON.stringify(parts)).digest().readUIntBE(0, 6)

/** What decides the order of candidates. */
export type Standing = {
  readonly score: number
  readonly merchantId: MerchantId
  readonly sceneId: SceneId
  readonly occasion: string
  /** The occasion of its trigger, which tells visits apart that are for one celebration. */
  readonly source?: string
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Candidates from the best to the worst. Equal scores are drawn by hash, first between the merchants, then among the
 * scenes of one: a merchant with one scene wins as often as one with a hundred. One draw serves all candidates of a
 * decision, whatever the order in which they come.
 *
 * @param standingOf the standing of a candidate; no two have the same scene, occasion and source
 * @example rankFairly(candidates, (one) => ({ score: 900, … }), user)[0] // the winner
 */
export const rankFairly = <T>(
  candidates: readonly T[],
  standingOf: (candidate: T) => Standing,
  user: UserId,
): T[] => {
  const standings = candidates.map((candidate) => ({ candidate, ...standingOf(candidate) }))
  // The occasions of one decision differ by geofence; a draw for each would be a draw more for each scene.
  const moment = standings.map(({ occasion }) => occasion).toSorted()[0] ?? ''
  const merchants = new Set(standings.map(({ merchantId }) => merchantId))
  const merchantDraws = new Map([...merchants].map((id) => [id, fairHash(user, moment, id)]))
  const drawn = standings.map((one) => ({
    ...one,
    merchantDraw: merchantDraws.get(one.merchantId) ?? 0,
    sceneDraw: fairHash(user, moment, one.sceneId, one.occasion),
  }))
  return drawn
    .toSorted(
      (a, b) =>
        b.score - a.score ||
        a.merchantDraw - b.merchantDraw ||
        compareText(a.merchantId, b.merchantId) ||
        a.sceneDraw - b.sceneDraw ||
        compareText(`${a.sceneId} ${a.occasion}`, `${b.sceneId} ${b.occasion}`) ||
        compareText(a.source ?? '', b.source ?? ''),
    )
    .map(({ candidate }) => candidate)
}
