import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  codeKey,
  countedOf,
  decisionIdOf,
  grantIdOf,
  MAX_SEND_AGE_MS,
  withSend,
} from '#shared/contracts/items/decision.ts'
import { dueKey, parseProfile } from '#shared/contracts/items/ledger.ts'
import {
  ANNA,
  anEnter,
  aProfileItem,
  aScene,
  aTombstone,
  CAFE,
  DAY,
  named,
  T0,
} from '#test/support/builders.ts'

const sendAt = (atMs: number) => ({
  atMs,
  merchantId: CAFE,
  sceneId: named('scn', 'greet'),
  messageId: named('msg', String(atMs)),
})

describe('withSend', () => {
  test.prop([fc.array(fc.integer({ min: T0 - 90 * DAY, max: T0 + 90 * DAY }), { maxLength: 300 })])(
    'keeps the new send and at most 200 of the last 30 days',
    (times) => {
      const kept = withSend(times.map(sendAt), sendAt(T0))
      expect(kept.at(-1)).toEqual(sendAt(T0))
      expect(kept.length).toBeLessThanOrEqual(200)
      for (const { atMs } of kept) expect(Math.abs(T0 - atMs)).toBeLessThan(MAX_SEND_AGE_MS)
    },
  )

  it('keeps what counts for the platform’s day, however full it is', () => {
    const today = Array.from({ length: 150 }, (_, index) => sendAt(T0 - DAY + 1 + index))
    const kept = withSend(
      [...Array.from({ length: 199 }, (_, index) => sendAt(T0 - 20 * DAY + index)), ...today],
      sendAt(T0),
    )
    expect(kept.filter(({ atMs }) => atMs > T0 - DAY)).toHaveLength(151)
  })
})

describe('a decision', () => {
  it('has one name for the same triggers in any order', () => {
    const [a, b] = [anEnter(), anEnter({ visitId: named('vis', 'second') })]
    expect(decisionIdOf(ANNA, [a, b])).toBe(decisionIdOf(ANNA, [b, a]))
    expect(decisionIdOf(ANNA, [a])).not.toBe(decisionIdOf(ANNA, [a, b]))
    expect(decisionIdOf(ANNA, [a])).not.toBe(decisionIdOf(ANNA, [anEnter({ type: 'exit' })]))
    expect(decisionIdOf(ANNA, [a])).not.toBe(decisionIdOf(named('usr', 'bea'), [a]))
  })

  it('has one grant for a scene and an occasion, whatever triggers it', () => {
    const scene = aScene('greet')
    const exit = anEnter({ type: 'exit', atMs: T0 + 1 })
    expect(grantIdOf({ scene, trigger: anEnter() })).toBe(grantIdOf({ scene, trigger: exit }))
    expect(grantIdOf({ scene, trigger: anEnter() })).not.toBe(
      grantIdOf({ scene: aScene('other'), trigger: anEnter() }),
    )
  })

  it('counts each outcome once, and every trigger', () => {
    const [scene, other] = [aScene('one'), aScene('two')]
    const counted = countedOf(
      [
        {
          scene,
          trigger: anEnter(),
          kind: 'granted',
          channel: 'push',
          messageKind: 'greeting',
          score: 1,
          deliverUntilMs: T0,
        },
        { scene, trigger: anEnter(), kind: 'suppressed', reason: 'outranked' },
        { scene, trigger: anEnter(), kind: 'suppressed', reason: 'outranked' },
        { scene: other, trigger: anEnter(), kind: 'suppressed', reason: 'hours' },
      ],
      T0,
    )
    const place = { of: 'scene', day: '2026-05-01', storeId: undefined, arm: 'treated' }
    expect(counted).toEqual([
      {
        place: { ...place, sceneId: scene.id },
        counts: { triggered: 3, granted: 1, suppressed_outranked: 2 },
      },
      { place: { ...place, sceneId: other.id }, counts: { triggered: 1, suppressed_hours: 1 } },
    ])
  })
})

describe('keys', () => {
  it('of codes do not mind dashes and case', () => {
    expect(codeKey('abcde-fghjk')).toEqual(codeKey('ABCDEFGHJK'))
    expect(codeKey('abcde-fghjk').pk).toMatch(/^CODE#[0-9a-f]{64}$/)
  })

  it('of what is due sort by time in their hour', () => {
    expect(dueKey(Date.UTC(2026, 0, 2, 3, 4), 'usr_1', 0)).toEqual({
      duePk: 'DUE#2026-01-02T03#0',
      dueSk: '2026-01-02T03:04:00.000Z#usr_1',
    })
  })
})

describe('a profile', () => {
  it('that is missing or erased consents to nothing', () => {
    const nothing = { version: 0, pushConsent: false, hasPhoneNumber: false, recentSends: [] }
    expect(parseProfile(undefined)).toMatchObject({ ...nothing, erased: false })
    expect(parseProfile(aTombstone({ pk: 'U#1', sk: 'PROFILE' }))).toMatchObject({ ...nothing, erased: true })
  })

  it('consents to what was granted and not withdrawn', () => {
    const bar = named('mer', 'bar')
    const item = aProfileItem(ANNA, {
      consents: { push: { granted: false }, sms: { [CAFE]: { granted: true }, [bar]: { granted: false } } },
    })
    expect(parseProfile(item)).toMatchObject({ pushConsent: false, smsConsents: new Set([CAFE]) })
  })
})
