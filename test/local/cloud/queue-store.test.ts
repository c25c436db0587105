import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openQueueStore } from '#local/cloud/queues/queue-store.ts'
import { DataDirInUse, openState } from '#local/cloud/state.ts'
import type { QueuePlan } from '#local/cloud/template/cloud-plan.ts'

const SECOND = 1_000
const DEAD: QueuePlan = {
  logicalId: 'Dead',
  name: 'dead',
  arn: 'arn:aws:sqs:us-east-1:000000000000:dead',
  url: 'http://127.0.0.1/sqs/000000000000/dead',
  delayS: 0,
  visibilityTimeoutS: 30,
  retentionS: 1_209_600,
}
const WORK: QueuePlan = {
  ...DEAD,
  logicalId: 'Work',
  name: 'work',
  arn: 'arn:aws:sqs:us-east-1:000000000000:work',
  url: 'http://127.0.0.1/sqs/000000000000/work',
  retentionS: 3_600,
  redrive: { targetArn: DEAD.arn, maxReceiveCount: 2 },
}

const openStore = (dataDir?: string) => {
  const clock = { nowMs: 1_000_000 }
  const state = openState(dataDir)
  const store = openQueueStore(state, [WORK, DEAD], () => clock.nowMs)
  return { clock, state, store, bodies: (max = 10) => store.receive(WORK, max).map(({ body }) => body) }
}

describe('a queue', () => {
  test('gives its messages out oldest first, each once while it is in flight', () => {
    const { store, bodies } = openStore()
    for (const body of ['a', 'b', 'c']) store.send(WORK, { body })
    expect(bodies(2)).toEqual(['a', 'b'])
    expect(bodies()).toEqual(['c'])
    expect(store.counts(WORK)).toEqual({ visible: 0, inFlight: 3, delayed: 0 })
  })

  test('shows a delayed message when its delay is over', () => {
    const { clock, store, bodies } = openStore()
    store.send(WORK, { body: 'later', delayS: 900 })
    expect(store.counts(WORK).delayed).toBe(1)
    expect(store.nextVisibleAtMs(WORK)).toBe(clock.nowMs + 900 * SECOND)
    clock.nowMs += 900 * SECOND - 1
    expect(bodies()).toEqual([])
    clock.nowMs += 1
    expect(bodies()).toEqual(['later'])
  })

  test('shows a message again after the visibility time-out, and counts', () => {
    const { clock, store } = openStore()
    store.send(WORK, { body: 'x' })
    const [first] = store.receive(WORK, 1)
    clock.nowMs += 30 * SECOND
    const [second] = store.receive(WORK, 1)
    expect([first?.receives, second?.receives]).toEqual([1, 2])
    expect(second?.receipt).not.toBe(first?.receipt)
    expect(second?.firstReceivedAtMs).toBe(first?.firstReceivedAtMs)
  })

  test('moves what was received too often to the dead-letter queue', () => {
    const { clock, store, bodies } = openStore()
    store.send(WORK, { body: 'poison' })
    for (let round = 0; round < 2; round += 1) {
      expect(bodies()).toEqual(['poison'])
      clock.nowMs += 30 * SECOND
    }
    expect(bodies()).toEqual([])
    expect(store.counts(WORK)).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
    expect(store.receive(DEAD, 1)).toMatchObject([{ body: 'poison', receives: 3 }])
  })

  test('forgets what was deleted, not what another receipt names', () => {
    const { clock, store, bodies } = openStore()
    store.send(WORK, { body: 'x' })
    const [received] = store.receive(WORK, 1)
    store.delete(WORK, 'another')
    store.delete(WORK, received?.receipt ?? '')
    clock.nowMs += 60 * SECOND
    expect(bodies()).toEqual([])
  })

  test('changes the visibility of a message in flight only', () => {
    const { store, bodies } = openStore()
    store.send(WORK, { body: 'x' })
    const [received] = store.receive(WORK, 1)
    expect(store.changeVisibility(WORK, received?.receipt ?? '', 0)).toBe(true)
    expect(store.changeVisibility(WORK, received?.receipt ?? '', 0)).toBe(false)
    expect(bodies()).toEqual(['x'])
  })

  test('drops messages that are older than it keeps them', () => {
    const { clock, store, bodies } = openStore()
    store.send(WORK, { body: 'old' })
    clock.nowMs += 3_601 * SECOND
    expect(bodies()).toEqual([])
  })

  test('keeps its messages in the data directory; those in flight are visible at once', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'beckon-queues-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const before = openStore(dataDir)
    before.store.send(WORK, { body: 'in flight' })
    before.store.send(WORK, { body: 'delayed', delayS: 60 })
    before.bodies()
    before.state.close()
    const after = openStore(dataDir)
    onTestFinished(() => after.state.close())
    expect(after.store.receive(WORK, 10)).toMatchObject([{ body: 'in flight', receives: 2 }])
    expect(after.store.counts(WORK).delayed).toBe(1)
  })

  test('a data directory belongs to one cloud at a time', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'beckon-lock-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const first = openState(dataDir)
    expect(() => openState(dataDir)).toThrow(DataDirInUse)
    first.close()
    openState(dataDir).close()
  })
})
