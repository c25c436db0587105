import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import type { UserId, VisitId } from '#shared/domain/ids.ts'
import { VISIT_ENDS } from '#shared/domain/presence/visit.ts'

export const visitKey = (user: UserId, visitId: VisitId) => ({ pk: userKey(user), sk: `VISIT#${visitId}` })

/** Where the index `byMerchant` lists a customer's visits by when they began: their own keys are hashes. */
export const visitIndex = (user: UserId, visitId: VisitId, enteredAtMs: number) => ({
  merchantPk: visitsPk(user),
  merchantSk: `${new Date(enteredAtMs).toISOString()}#${visitId}`,
})
export const visitsPk = (user: UserId): string => `${userKey(user)}#VISITS`

const visit = z.object({
  visitId: id('vis'),
  geofenceId: id('gf'),
  merchantId: id('mer'),
  storeId: id('sto').exactOptional(),
  enteredAtMs: z.number(),
  lastInsideAtMs: z.number(),
  exitedAtMs: z.number().exactOptional(),
  end: z.enum(VISIT_ENDS),
})
/** A settled visit. Times are ms since the epoch. */
export type StoredVisit = z.output<typeof visit>

export const parseVisit = (item: unknown): StoredVisit => visit.parse(item)
