import type { Batch } from '#local/replay/batches.ts'
import type { Played, Stage } from '#local/replay/play-pings.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import {
  fixesToSend,
  hear,
  keepSilent,
  NEW_PHONE,
  type ObedientPhone,
  occasionFor,
  overdueFix,
} from '#shared/domain/presence/obedient-phone.ts'

const batchOf = (user: string, fixes: readonly Fix[], atMs: number): Batch => ({
  user,
  atMs,
  pings: fixes.map((fix) => ({ user, ...fix })),
})

/**
 * Plays pings in order of time as phones send them that keep to docs/phone-contract.md: each decides by the last answer
 * whether a fix must be sent.
 *
 * @param batches of one ping each
 * @param onPings told how many pings were looked at
 */
export const playObedient = async (
  { play, played }: Stage,
  batches: readonly Batch[],
  onPings: (pings: number) => void,
): Promise<Played> => {
  const startedMs = performance.now()
  const phones = new Map<string, ObedientPhone>()
  const send = async (user: string, phone: ObedientPhone, fixes: readonly Fix[], atMs: number) => {
    const newest = fixes.at(-1)
    const answer = await play(batchOf(user, fixes, atMs))
    return newest && answer ? hear(phone, newest, answer) : phone
  }
  let taken = 0
  for (const { user, pings } of batches) {
    for (const fix of pings.map(toFix)) {
      let phone = phones.get(user) ?? NEW_PHONE
      const overdue = overdueFix(phone, fix.atMs)
      // Its timer went off some time before; it is sent now, for the clock has moved on with the others' pings.
      if (overdue) phone = await send(user, phone, [overdue], fix.atMs)
      const isDue = occasionFor(phone, fix) !== undefined
      phones.set(
        user,
        isDue ? await send(user, phone, fixesToSend(phone, fix), fix.atMs) : keepSilent(phone, fix),
      )
      taken += 1
    }
    onPings(pings.length)
  }
  played.notSent = Math.max(0, taken - played.pings)
  played.wallMs = performance.now() - startedMs
  return played
}
