import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addCounts, type Counts } from '#shared/domain/loop/count.ts'
import {
  type Conversion,
  creditAll,
  creditOf,
  effectiveFromMs,
  isOutcome,
  STAY_MS,
} from '#shared/domain/loop/credit.ts'
import { ACTS, type Exposure, LADDER, STAGES } from '#shared/domain/loop/exposure.ts'
import { ANNA, CAFE, DAY, HOUR, MINUTE, named, T0 } from '#test/support/builders.ts'

const anExposure = (name: string, rest: Partial<Exposure> = {}): Exposure => ({
  user: ANNA,
  merchantId: CAFE,
  sceneId: named('scn', 'greet'),
  grantId: named('grt', name),
  correlationId: named('wrt', name),
  arm: 'treated',
  atMs: T0,
  windowMs: 7 * DAY,
  ...(rest.arm !== 'holdout' && { sentAtMs: rest.atMs ?? T0 }),
  stages: {},
  version: 1,
  ...rest,
})
const at = (ms: number) => ({ fromMs: ms, untilMs: ms })

describe('something is the outcome of a message', () => {
  const sent = anExposure('a')

  it('after it, until its window is over', () => {
    expect(isOutcome(sent, at(T0))).toBe(false)
    expect(isOutcome(sent, at(T0 + 1))).toBe(true)
    expect(isOutcome(sent, at(T0 + 7 * DAY))).toBe(true)
    expect(isOutcome(sent, at(T0 + 7 * DAY + 1))).toBe(false)
  })

  it('never, if it has not gone out', () => {
    expect(isOutcome({ ...sent, sentAtMs: undefined }, at(T0 + HOUR))).toBe(false)
  })

  it('from when it had gone out, not from when it was granted', () => {
    const late = { ...sent, sentAtMs: T0 + HOUR }
    expect(isOutcome(late, at(T0 + HOUR))).toBe(false)
    expect(isOutcome(late, at(T0 + HOUR + 7 * DAY))).toBe(true)
  })

  it('in a visit that had begun before, only if it goes on for five minutes', () => {
    const visit = (untilMs: number) => ({ fromMs: T0 - MINUTE, untilMs })
    expect(isOutcome(sent, visit(T0 + STAY_MS - 1))).toBe(false)
    expect(isOutcome(sent, visit(T0 + STAY_MS))).toBe(true)
  })
})

describe('a credit', () => {
  const morning = anExposure('morning')
  const noon = anExposure('noon', { atMs: T0 + 2 * HOUR })

  it('goes to the last message before it, and to no other', () => {
    expect(creditOf([morning, noon], at(T0 + HOUR))).toEqual({ credited: morning.grantId })
    expect(creditOf([noon, morning], at(T0 + 3 * HOUR))).toEqual({ credited: noon.grantId })
    expect(creditOf([morning, noon], at(T0 - HOUR))).toEqual({})
  })

  it('is compared with a held-out customer whose message would have been the last', () => {
    const held = anExposure('held', { arm: 'holdout', atMs: T0 + HOUR })
    expect(creditOf([morning, held], at(T0 + 2 * HOUR))).toEqual({
      credited: morning.grantId,
      compared: held.grantId,
    })
    expect(creditOf([morning, held, noon], at(T0 + 3 * HOUR))).toEqual({ credited: noon.grantId })
  })
})

const anyExposure = fc.record({
  arm: fc.constantFrom('treated', 'holdout'),
  minutes: fc.integer({ min: 0, max: 1000 }),
  delay: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
})
const exposures = fc.array(anyExposure, { maxLength: 6 }).map((all) =>
  all.map(({ arm, minutes, delay }, index): Exposure => {
    const atMs = T0 + minutes * MINUTE
    return anExposure(`exposure ${index}`, {
      arm: arm === 'holdout' ? 'holdout' : 'treated',
      atMs,
      windowMs: DAY / 2,
      sentAtMs: arm === 'holdout' || delay === undefined ? undefined : atMs + delay * MINUTE,
    })
  }),
)
const conversions = fc.array(
  fc
    .record({
      stage: fc.constantFrom(...STAGES),
      minutes: fc.integer({ min: 0, max: 2000 }),
      lastsMin: fc.integer({ min: 0, max: 30 }),
    })
    .map(({ stage, minutes, lastsMin }): Conversion => {
      const fromMs = T0 + minutes * MINUTE
      const untilMs = stage === 'visited' ? fromMs + lastsMin * MINUTE : fromMs
      return { stage, atMs: fromMs, span: { fromMs, untilMs } }
    }),
  { maxLength: 12 },
)
const sumOf = (arm: string, { counted }: ReturnType<typeof creditAll>): Counts =>
  counted
    .filter(({ place }) => place.of === 'scene' && place.arm === arm)
    .reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {})

describe('of any conversions', () => {
  it('each is credited to the last message that it may come from, by the plain answer', () => {
    fc.assert(
      fc.property(exposures, conversions, (before, all) => {
        const { credits } = creditAll(before, all)
        for (const [index, conversion] of all.entries()) {
          const sent = before.filter((one) => one.arm === 'treated' && isOutcome(one, conversion.span))
          const last = Math.max(...sent.map((one) => effectiveFromMs(one) ?? 0))
          const chosen = before.find(({ grantId }) => grantId === credits[index]?.credited)
          expect(chosen === undefined).toBe(sent.length === 0)
          if (chosen) expect(effectiveFromMs(chosen)).toBe(last)
        }
      }),
    )
  })

  it('the counts are those of the exposures, a stage once for each, and the funnel never widens', () => {
    fc.assert(
      fc.property(exposures, conversions, fc.constantFrom('treated', 'holdout'), (before, all, arm) => {
        const credited = creditAll(before, all)
        const sums = sumOf(arm, credited)
        const changed = credited.changed.filter((one) => one.arm === arm)
        for (const stage of STAGES) {
          const reached = changed.filter(({ stages }) => stages[stage] !== undefined).length
          expect(sums[stage] ?? 0).toBe(reached)
        }
        const acted = changed.filter(({ stages }) => [...ACTS].some((act) => stages[act] !== undefined))
        expect(sums['acted'] ?? 0).toBe(acted.length)
        const funnel = LADDER.map((stage) => sums[`reached_${stage}`] ?? 0)
        expect(funnel).toEqual(funnel.toSorted((a, b) => b - a))
        for (const [index, stage] of LADDER.entries()) {
          const deeper = LADDER.slice(index)
          const reached = changed.filter(({ stages }) => deeper.some((one) => stages[one] !== undefined))
          expect(sums[`reached_${stage}`] ?? 0).toBe(reached.length)
        }
      }),
    )
  })

  it('it does not matter whether they come together or one by one', () => {
    fc.assert(
      fc.property(exposures, conversions, (before, all) => {
        let known = before
        const counted = all.flatMap((conversion) => {
          const one = creditAll(known, [conversion])
          known = known.map((e) => one.changed.find(({ grantId }) => grantId === e.grantId) ?? e)
          return one.counted
        })
        const whole = creditAll(before, all)
        const alone = { ...whole, counted }
        for (const arm of ['treated', 'holdout']) expect(sumOf(arm, alone)).toEqual(sumOf(arm, whole))
      }),
    )
  })

  it('what is credited at stores is what messages brought, and who acted is among them', () => {
    fc.assert(
      fc.property(exposures, conversions, (before, all) => {
        const { counted, changed } = creditAll(before, all)
        const stores = counted
          .filter(({ place }) => place.of === 'store')
          .reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {})
        const brought = changed.filter(({ arm, cameTo }) => arm === 'treated' && cameTo !== undefined)
        expect(stores['exposed'] ?? 0).toBe(brought.length)
        const acted = brought.filter(({ stages }) => [...ACTS].some((act) => stages[act] !== undefined))
        expect(stores['acted'] ?? 0).toBe(acted.length)
      }),
    )
  })
})
