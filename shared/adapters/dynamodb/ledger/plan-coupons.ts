import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { CurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { grantKey } from '#shared/contracts/items/decision.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey, userKey } from '#shared/contracts/items/ledger.ts'
import { type MerchantId, shardOf, type UserId } from '#shared/domain/ids.ts'
import { offerEndings } from '#shared/domain/scenes/occasions.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/**
 * Has the minute schedule look at the coupons that a customer holds of a merchant for their first reminder.
 *
 * @param timeZone whose hours hold for a coupon that knows none
 * @returns whether anything was to be moved
 */
export type PlanCoupons = (
  user: UserId,
  merchantId: MerchantId,
  timeZone: string | undefined,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<boolean>

const couponSchema = z.object({ grantId: id('grt'), validUntil: z.string(), dueSk: z.string() })
type Coupon = z.output<typeof couponSchema>

const PAGE = 100
/** More than the caps let anybody be given in the 13 months that grants are kept. */
const MAX_PAGES = 20

const plansEndings = (scenes: readonly Scene[]): boolean =>
  scenes.some(({ triggers }) =>
    triggers.some((side) => side.type === 'due' && side.plan.kind === 'beforeOfferEnds'),
  )

/** The first reminder of a coupon, where it comes before the moment for which the coupon stands in the index. */
const earlierMs = ({ grantId, validUntil, dueSk }: Coupon, scenes: readonly Scene[], nowMs: number) => {
  const first = offerEndings(scenes, grantId, Date.parse(validUntil)).find(({ dueAtMs }) => dueAtMs > nowMs)
  if (first === undefined || new Date(first.dueAtMs).toISOString() >= (dueSk.split('#')[0] ?? ''))
    return undefined
  return first.dueAtMs
}

/** Plans for coupons that were given before the plan was. It reads nothing of customers of whose merchant nobody plans it. */
export const createPlanCoupons = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
  currentScenes: CurrentScenes,
): PlanCoupons => {
  const held = async (
    user: UserId,
    merchantId: MerchantId,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<Coupon[]> => {
    const found: Coupon[] = []
    let start: Record<string, unknown> | undefined
    for (let count = 0; count < MAX_PAGES; count++) {
      const page = await queryPage(
        client,
        {
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :grant)',
          FilterExpression:
            'merchantId = :merchant AND #state IN (:reserved, :confirmed) AND validUntil > :now AND attribute_exists(dueSk)',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: {
            ':pk': userKey(user),
            ':grant': 'GRANT#',
            ':merchant': merchantId,
            ':reserved': 'reserved',
            ':confirmed': 'confirmed',
            ':now': new Date(nowMs).toISOString(),
          },
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      found.push(...page.items.map((item) => couponSchema.parse(item)))
      start = page.next
      if (start === undefined) break
    }
    return found
  }

  /** Not where it was redeemed or reminded of meanwhile: then somebody else has moved it on. */
  const move = async (
    user: UserId,
    { grantId, dueSk }: Coupon,
    toMs: number,
    timeZone: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> => {
    const next = dueKey(toMs, grantId, shardOf(grantId, dueShards))
    const zone = timeZone === undefined ? '' : ', #zone = if_not_exists(#zone, :zone)'
    return await wasWritten(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: grantKey(user, grantId),
          ConditionExpression: 'dueSk = :seen AND #state IN (:reserved, :confirmed)',
          UpdateExpression: `SET duePk = :pk, dueSk = :sk${zone}`,
          ExpressionAttributeNames: {
            '#state': 'state',
            ...(timeZone !== undefined && { '#zone': 'timeZone' }),
          },
          ExpressionAttributeValues: {
            ':seen': dueSk,
            ':reserved': 'reserved',
            ':confirmed': 'confirmed',
            ':pk': next.duePk,
            ':sk': next.dueSk,
            ...(timeZone !== undefined && { ':zone': timeZone }),
          },
        }),
        signal ? { abortSignal: signal } : {},
      ),
    )
  }

  return async (user, merchantId, timeZone, nowMs, signal) => {
    const { scenes } = await currentScenes(merchantId, nowMs, signal)
    if (!plansEndings(scenes)) return false
    let moved = false
    for (const coupon of await held(user, merchantId, nowMs, signal)) {
      const toMs = earlierMs(coupon, scenes, nowMs)
      if (toMs !== undefined && (await move(user, coupon, toMs, timeZone, signal))) moved = true
    }
    return moved
  }
}
