import { describe, expect, it } from 'vitest'
import { candidatesOf } from '#shared/domain/scenes/candidate.ts'
import type { SceneTrigger } from '#shared/domain/scenes/scene.ts'
import { occasionOf, type Trigger } from '#shared/domain/scenes/trigger.ts'
import { ANNA, aDue, anEnter, aScene, CAFE, DAY, MINUTE, named, T0 } from '#test/support/builders.ts'

const reaches = (side: SceneTrigger, trigger: Trigger): boolean =>
  candidatesOf([aScene('one', { triggers: [side] })], [trigger]).length === 1

const common = { user: ANNA, merchantId: CAFE, atMs: T0 }
const dwell = (dwellS: number): Trigger => ({
  ...common,
  type: 'dwell',
  geofenceId: named('gf', 'square'),
  visitId: named('vis', 'first'),
  dwellS,
})
const event: Trigger = { ...common, type: 'event', eventId: 'e-1', eventType: 'qr_scan' }
const due = aDue({ sceneId: named('scn', 'one') })

describe('a scene is reached', () => {
  it('by the kind of trigger it listens to', () => {
    expect(reaches({ type: 'enter' }, anEnter())).toBe(true)
    expect(reaches({ type: 'exit' }, anEnter())).toBe(false)
    expect(reaches({ type: 'exit' }, anEnter({ type: 'exit' }))).toBe(true)
    expect(reaches({ type: 'event', eventType: 'qr_scan' }, event)).toBe(true)
    expect(reaches({ type: 'event', eventType: 'purchase' }, event)).toBe(false)
    expect(reaches({ type: 'due', plan: { kind: 'afterLastVisit', days: 7 } }, due)).toBe(true)
    expect(reaches({ type: 'due', plan: { kind: 'afterLastVisit', days: 8 } }, due)).toBe(false)
    const another = aDue({ sceneId: named('scn', 'another') })
    expect(reaches({ type: 'due', plan: { kind: 'afterLastVisit', days: 7 } }, another)).toBe(false)
  })

  it('by a stay that is long enough', () => {
    expect(reaches({ type: 'dwell', dwellS: 300 }, dwell(300))).toBe(true)
    expect(reaches({ type: 'dwell', dwellS: 300 }, dwell(600))).toBe(true)
    expect(reaches({ type: 'dwell', dwellS: 300 }, dwell(299))).toBe(false)
  })

  it('at its geofences or its stores', () => {
    const here = { geofenceIds: [named('gf', 'square')] }
    const there = { geofenceIds: [named('gf', 'elsewhere')] }
    const store = { storeIds: [named('sto', 'one')] }
    expect(reaches({ type: 'enter', at: here }, anEnter())).toBe(true)
    expect(reaches({ type: 'enter', at: there }, anEnter())).toBe(false)
    expect(reaches({ type: 'enter', at: store }, anEnter({ storeId: named('sto', 'one') }))).toBe(true)
    expect(reaches({ type: 'enter', at: store }, anEnter())).toBe(false)
    expect(reaches({ type: 'dwell', dwellS: 60, at: there }, dwell(60))).toBe(false)
  })

  it('only by its own merchant’s triggers', () => {
    expect(reaches({ type: 'enter' }, anEnter({ merchantId: named('mer', 'another') }))).toBe(false)
  })

  it('not as a draft or when archived; paused, it is explained', () => {
    const states = (['draft', 'archived', 'paused', 'active'] as const).filter(
      (state) => candidatesOf([aScene('one', { state })], [anEnter()]).length === 1,
    )
    expect(states).toEqual(['paused', 'active'])
  })

  it('once for one occasion; the latest trigger speaks', () => {
    const exit = anEnter({ type: 'exit', atMs: T0 + MINUTE })
    const scene = aScene('one', { triggers: [{ type: 'enter' }, { type: 'exit' }] })
    expect(candidatesOf([scene], [anEnter(), exit])).toEqual([{ scene, trigger: exit }])
    expect(candidatesOf([scene], [exit, anEnter()])).toEqual([{ scene, trigger: exit }])
  })

  it('for each occasion of several visits', () => {
    const other = anEnter({ visitId: named('vis', 'second') })
    expect(candidatesOf([aScene('one')], [anEnter(), other])).toHaveLength(2)
  })
})

describe('an occasion', () => {
  it('is the visit for enter, exit and dwell', () => {
    const visit = named('vis', 'first')
    expect([anEnter(), anEnter({ type: 'exit' }), dwell(60)].map(occasionOf)).toEqual([visit, visit, visit])
  })

  it('is the event, or the due date', () => {
    expect([event, due].map(occasionOf)).toEqual(['event:e-1', `after:7:${T0 - 7 * DAY}`])
  })
})

describe('a geofence that was drawn around a customer', () => {
  const drawn = anEnter({ drawnAround: true })

  it('reaches only the scenes that ask for those who are present', () => {
    const asks = aScene('asks', { triggers: [{ type: 'enter', includePresent: true }] })
    const declines = aScene('declines', { triggers: [{ type: 'enter', includePresent: false }] })
    const scenes = [aScene('plain'), declines, asks]
    expect(candidatesOf(scenes, [drawn]).map(({ scene }) => scene.id)).toEqual([asks.id])
    expect(candidatesOf(scenes, [anEnter()])).toHaveLength(3)
  })
})
