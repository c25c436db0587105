import { describe, expect, it } from 'vitest'
import { proofLines } from '#scripts/recount.ts'
import { counterKey } from '#shared/contracts/items/counter.ts'
import { decisionRefOf } from '#shared/contracts/items/decision.ts'
import { proveCounters, RECOUNTED_DAYS, recount } from '#shared/contracts/items/recount.ts'
import { traceItems } from '#shared/contracts/items/trace.ts'
import { ANNA, anEnter, aScene, aTombstone, DAY, T0 } from '#test/support/builders.ts'

const scene = aScene('greet')
const trigger = anEnter()
const { whole } = traceItems(
  decisionRefOf(ANNA, [trigger], 0),
  { outcomes: [{ scene, trigger, kind: 'suppressed', reason: 'muted' }] },
  undefined,
  T0,
)
const key = counterKey({ of: 'scene', sceneId: scene.id, day: '2026-05-01', arm: 'treated' }, ANNA)
const counter = (counts: Record<string, number>) => ({ ...key, kind: 'count', ...counts })

describe('a recount', () => {
  it('says what the counters should', () => {
    expect(recount([whole])).toEqual(
      new Map([[`${key.pk} ${key.sk}`, { triggered: 1, suppressed_muted: 1 }]]),
    )
  })

  it('finds nothing to say about counters that are right', () => {
    const proof = proveCounters([whole, counter({ triggered: 1, suppressed_muted: 1 })], T0)
    expect(proof).toEqual({ differences: [], compared: 1, notComparable: 0 })
  })

  it('names a count that is too high, too low, or counts nothing', () => {
    const name = `${key.pk} ${key.sk}`
    const { differences } = proveCounters([whole, counter({ triggered: 2, sent: 1 })], T0)
    expect(differences).toEqual([
      { counter: name, name: 'sent', counted: 1, recounted: 0 },
      { counter: name, name: 'suppressed_muted', counted: 0, recounted: 1 },
      { counter: name, name: 'triggered', counted: 2, recounted: 1 },
    ])
    expect(proveCounters([whole], T0).differences).toHaveLength(2)
    expect(proveCounters([counter({ sent: 1 })], T0).differences).toHaveLength(1)
  })

  it('leaves out days whose decisions are forgotten, and shards on which somebody was erased', () => {
    const late = T0 + (RECOUNTED_DAYS + 1) * DAY
    expect(proveCounters([counter({ sent: 1 })], late)).toMatchObject({ differences: [], compared: 0 })
    const erased = aTombstone({ pk: `U#${ANNA}`, sk: 'PROFILE' })
    const proof = proveCounters([erased, counter({ sent: 1 })], T0)
    expect(proof).toEqual({ differences: [], compared: 0, notComparable: 1 })
    expect(proofLines(proof)).toEqual([
      '1 counters not compared: somebody was erased whom they have counted',
      '0 counters compared, 0 differences',
    ])
  })
})
