import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import { expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import type { GrantId, MerchantId, UserId } from '#shared/domain/ids.ts'
import { ARMS } from '#shared/domain/loop/count.ts'
import { type Exposure, STAGES } from '#shared/domain/loop/exposure.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

/** By time, so that those that may still have outcomes are read alone. */
export const exposureSk = (merchantId: MerchantId, atMs: number, grantId: GrantId | ''): string =>
  `EXPOSURE#${merchantId}#${iso(atMs)}#${grantId}`

export const exposureKey = ({
  user,
  merchantId,
  atMs,
  grantId,
}: {
  readonly user: UserId
  readonly merchantId: MerchantId
  readonly atMs: number
  readonly grantId: GrantId
}) => ({ pk: userKey(user), sk: exposureSk(merchantId, atMs, grantId) })

/** Kept as long as the grants: the reports are counted again from it. */
export const exposureItem = (exposure: Exposure) => ({
  ...exposureKey(exposure),
  kind: 'exposure',
  ...exposure,
  ttl: expiryOf(exposure.atMs),
})

const exposure = z.object({
  user: id('usr'),
  merchantId: id('mer'),
  sceneId: id('scn'),
  grantId: id('grt'),
  correlationId: id('wrt'),
  arm: z.enum(ARMS),
  storeId: id('sto').optional(),
  atMs: z.number(),
  windowMs: z.number(),
  messageId: id('msg').optional(),
  sentAtMs: z.number().optional(),
  stages: z.partialRecord(z.enum(STAGES), z.number()),
  cameTo: z.object({ storeId: id('sto').optional(), day: z.string() }).optional(),
  version: z.number(),
})

/**
 * Reads an EXPOSURE item.
 *
 * @throws {z.ZodError} when the item has another form
 */
export const parseExposure = (item: unknown): Exposure => exposure.parse(item)
