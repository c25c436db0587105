import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candidatesOf } from '#shared/domain/scenes/candidate.ts'
import { decide, withheldIn } from '#shared/domain/scenes/decide.ts'
import { type CustomerFacts, NOTHING_SPENT } from '#shared/domain/scenes/facts.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import {
  aCustomer,
  anEnter,
  aScene,
  CAFE,
  HOUR,
  MINUTE,
  named,
  someFacts,
  someMerchant,
  T0,
} from '#test/support/builders.ts'

const decideOn = (scenes: readonly Scene[], customer: CustomerFacts) =>
  decide(
    candidatesOf(scenes, [anEnter()]),
    someFacts({ customer, merchants: new Map([[CAFE, someMerchant({ scenes })]]) }),
    NOTHING_SPENT,
    T0,
  )
const everybody = { holdoutPercent: 100, salt: 'all' }
const grantedIn = (outcomes: ReturnType<typeof decide>) =>
  outcomes.find(({ kind }) => kind === 'granted')?.scene.id

describe('what an experiment withholds', () => {
  it('is what the customer would have got, with its channel and its score', () => {
    const held = aScene('held', { experiment: everybody })
    const [outcome] = decideOn([held], aCustomer())
    expect(outcome).toMatchObject({
      kind: 'suppressed',
      reason: 'holdout',
      withheld: { channel: 'push', messageKind: 'greeting', score: expect.any(Number) },
    })
  })

  it('waits after it as after a message: for the cool-down, and it is once for an occasion', () => {
    const held = aScene('held', {
      experiment: everybody,
      limits: { coolDownS: 3600, maxAgeS: 300 },
    })
    const before = { merchantId: CAFE, sceneId: held.id, messageId: named('msg', 'never') }
    const withheldAfter = (atMs: number, occasion: string) =>
      withheldIn(decideOn([held], aCustomer({ heldOut: [{ ...before, atMs, occasion }] })))
    expect(withheldAfter(T0 - 30 * MINUTE, 'another visit')).toBeUndefined()
    expect(withheldAfter(T0 - HOUR, 'another visit')).toBeDefined()
    expect(withheldAfter(T0 - HOUR, anEnter().visitId)).toBeUndefined()
  })

  const scenes = fc.uniqueArray(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 }).chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .record({
            priority: fc.integer({ min: 0, max: 100 }),
            isHeldOut: fc.boolean(),
            state: fc.constantFrom('active' as const, 'active' as const, 'paused' as const),
            channel: fc.constantFrom('push' as const, 'push' as const, 'sms' as const),
          })
          .map(({ priority, isHeldOut, state, channel }) =>
            aScene(`scene ${name}`, {
              priority,
              state,
              ...(isHeldOut && { experiment: everybody }),
              message:
                channel === 'push'
                  ? { push: { title: 'Hello', body: 'Come in' }, ttlS: 600 }
                  : { sms: { body: 'Come in' }, ttlS: 600 },
            }),
          ),
      ),
    ),
  )
  const customers = fc
    .record({
      pushConsent: fc.boolean(),
      hasPushDevice: fc.boolean(),
      sent: fc.array(fc.integer({ min: 1, max: 2880 }), { maxLength: 5 }),
    })
    .map(({ sent, ...rest }) =>
      aCustomer({
        ...rest,
        recentSends: sent.map((minutes, index) => ({
          atMs: T0 - minutes * MINUTE,
          merchantId: CAFE,
          sceneId: named('scn', 'before'),
          messageId: named('msg', `before ${index}`),
        })),
      }),
    )

  it('would have won without the experiment, and nothing else would have; who wins beside it does all the same', () => {
    fc.assert(
      fc.property(scenes, customers, (all, customer) => {
        const outcomes = decideOn(all, customer)
        const heldOut = all.filter(({ experiment }) => experiment !== undefined)
        const withheld = withheldIn(outcomes)?.scene.id
        const wins = heldOut.filter((scene) => {
          const { experiment: _, ...free } = scene
          return grantedIn(decideOn([...all.filter((one) => one !== scene), free], customer)) === scene.id
        })
        expect(withheld !== undefined).toBe(wins.length > 0)
        if (withheld !== undefined) expect(wins.map(({ id }) => id)).toContain(withheld)
        const spoken = all.filter(({ experiment }) => experiment === undefined)
        expect(grantedIn(outcomes)).toBe(grantedIn(decideOn(spoken, customer)))
      }),
    )
  })
})
