import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { dueKey, parseProfile } from '#shared/contracts/items/ledger.ts'
import { budgetKey } from '#shared/contracts/items/stock.ts'
import { waitingKey } from '#shared/contracts/items/waiting-list.ts'
import { type Granted, startSendMessages } from '#test/functions/send-messages/send-messages.ts'
import { CAFE, HOUR, SECOND, T0 } from '#test/support/builders.ts'

const { stored, clock, close, gateway, grant, giveDevice, deliver, messageOf, grantOf, receivedBy } =
  await startSendMessages()
afterAll(close)
beforeEach(() => {
  clock.nowMs = T0 + SECOND
})

const PUSH = { consents: { push: { granted: true } } }
const DAY = budgetKey(CAFE, T0)

/** A granted message that holds the slot, and counts for the customer and the merchant's budget. */
const grantCounted = async (): Promise<Granted> => {
  const granted = await grant('push', PUSH)
  await giveDevice(granted)
  return await counted(granted)
}
const counted = async (granted: Granted): Promise<Granted> => {
  const held = { pk: `U#${granted.user}`, sk: `HELD#${granted.offer.id}` }
  const slot = { atMs: T0, messageId: granted.messageId, score: 700 }
  await stored.change(`U#${granted.user}`, 'PROFILE', { slot })
  await stored.change(`U#${granted.user}`, `MESSAGE#${granted.messageId}`, {
    tallies: [
      { ...held, add: { given: 1 } },
      { ...DAY, add: { sends: 1, cents: 250 } },
    ],
  })
  await stored.putLedger(
    { ...held, kind: 'tally', given: 1 },
    { ...DAY, kind: 'tally', sends: 5, cents: 900 },
  )
  return granted
}
const talliesOf = async ({ user, offer }: Granted) => ({
  held: (await stored.ledgerItem(`U#${user}`, `HELD#${offer.id}`))?.['given'],
  sends: (await stored.ledgerItem(DAY.pk, DAY.sk))?.['sends'],
  cents: (await stored.ledgerItem(DAY.pk, DAY.sk))?.['cents'],
})
const profileOf = async ({ user }: Granted) => parseProfile(await stored.ledgerItem(`U#${user}`, 'PROFILE'))

describe('a message that does not go out', () => {
  it('gives back the slot, its place under the caps, the stock, and all that it counted', async () => {
    const granted = await grantCounted()
    clock.nowMs = T0 + HOUR
    await Promise.all([deliver(granted), deliver(granted)])
    expect(await messageOf(granted)).toMatchObject({ state: 'expired' })
    expect(await talliesOf(granted)).toEqual({ held: 0, sends: 4, cents: 650 })
    const profile = await profileOf(granted)
    expect(profile.recentSends).toEqual([])
    expect(profile).not.toHaveProperty('slot')
    expect(await stored.stockOf(granted.offer.id)).toEqual({ free: 5, reserved: 0, confirmed: 0 })
  })

  it('has those who wait for its offer looked at with the next minute', async () => {
    const granted = await grantCounted()
    const { id } = granted.offer
    const waits = { ...waitingKey(id), kind: 'waiting', idleMs: HOUR, ...dueKey(T0 + 9 * HOUR, id, 0) }
    await stored.putLedger(waits)
    clock.nowMs = T0 + HOUR
    await deliver(granted)
    const woken = await stored.ledgerItem(waits.pk, waits.sk)
    expect(woken).toMatchObject({ ...dueKey(T0 + HOUR, id, 0), wakes: 1 })
    expect(woken).not.toHaveProperty('idleMs')
  })

  it('keeps what it counted when its offer was used before', async () => {
    const granted = await grantCounted()
    const { grantId } = (await grantOf(granted)) ?? {}
    await stored.change(`U#${granted.user}`, `GRANT#${grantId}`, { state: 'confirmed' })
    clock.nowMs = T0 + HOUR
    await deliver(granted)
    expect(await talliesOf(granted)).toEqual({ held: 1, sends: 5, cents: 900 })
    expect((await profileOf(granted)).recentSends).toEqual([])
  })

  it('is every one while the operator has switched everything off', async () => {
    const granted = await grantCounted()
    clock.nowMs += 10 * SECOND
    await stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', killed: true })
    await deliver(granted)
    expect(receivedBy(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'killSwitch' })
    expect(await talliesOf(granted)).toMatchObject({ held: 0 })
    await stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', killed: false })
    clock.nowMs += 10 * SECOND
    const next = await grantCounted()
    await deliver(next)
    expect(receivedBy(next)).toHaveLength(1)
    expect(await talliesOf(next)).toMatchObject({ held: 1 })
    expect(await profileOf(next)).toHaveProperty('slot')
  })
})

describe('a push that falls back to SMS', () => {
  const bySms = async (smsCents: number): Promise<Granted> => {
    const sms = { [CAFE]: { granted: true } }
    const granted = await counted(await grant('push', { consents: { ...PUSH.consents, sms } }))
    await stored.change(`U#${granted.user}`, `MESSAGE#${granted.messageId}`, { smsCents })
    return granted
  }

  it('costs the budget of the day what the SMS costs, once, and is one message', async () => {
    const granted = await bySms(3)
    await Promise.all([deliver(granted), deliver(granted)])
    expect(await messageOf(granted)).toMatchObject({ state: 'sent', channel: 'sms' })
    expect(await talliesOf(granted)).toEqual({ held: 1, sends: 5, cents: 903 })
    expect(await stored.countsOf(granted.scene.id)).toMatchObject({ sent: 1, messageCents: 3 })
  })

  it('gives that back, too, when the SMS does not go out', async () => {
    const granted = await bySms(3)
    gateway.setFault({ kind: 'refuse', code: 'InvalidParameter', when: { channel: 'sms' } })
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', channel: 'sms' })
    expect(await talliesOf(granted)).toEqual({ held: 0, sends: 4, cents: 650 })
  })
})
