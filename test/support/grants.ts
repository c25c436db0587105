import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { codeKey, grantIndex } from '#shared/contracts/items/decision.ts'
import { exposureItem } from '#shared/contracts/items/exposure.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { hashId, type UserId } from '#shared/domain/ids.ts'
import type { SceneTheme } from '#shared/domain/scenes/scene.ts'

export type GivenGrant = {
  readonly user: UserId
  readonly merchantId: string
  readonly offerId: string
  readonly code: string
  readonly grantedAtMs: number
  readonly validityS?: number
  readonly theme?: SceneTheme
  readonly redeemAt?: 'store'
  readonly storeId?: string
}

/** Puts a reserved grant, its code and its unit of stock where deciding puts them. */
export const giveGrant = async (
  client: DynamoDBDocumentClient,
  ledger: string,
  { user, merchantId, offerId, code, grantedAtMs, validityS = 86_400, ...rest }: GivenGrant,
): Promise<{ grantId: string; sceneId: string }> => {
  const grantId = hashId('grt', user, code)
  const sceneId = hashId('scn', merchantId)
  await client.send(
    new UpdateCommand({
      TableName: ledger,
      Key: { pk: `OFFER#${offerId}#0`, sk: 'STOCK' },
      UpdateExpression: 'ADD #free :minus, reserved :plus',
      ConditionExpression: '#free > :none',
      ExpressionAttributeNames: { '#free': 'free' },
      ExpressionAttributeValues: { ':minus': -1, ':plus': 1, ':none': 0 },
    }),
  )
  await client.send(
    new PutCommand({
      TableName: ledger,
      Item: {
        pk: `U#${user}`,
        sk: `GRANT#${grantId}`,
        kind: 'grant',
        user,
        grantId,
        messageId: hashId('msg', grantId),
        merchantId,
        sceneId,
        ...rest,
        occasion: 'test',
        state: 'reserved',
        grantedAt: new Date(grantedAtMs).toISOString(),
        offerId,
        offerName: 'Free coffee',
        code,
        stockShard: 0,
        ...grantIndex(user, grantId, grantedAtMs),
        validUntil: new Date(grantedAtMs + validityS * 1000).toISOString(),
        ttl: Math.floor(grantedAtMs / 1000) + 396 * 86_400,
      },
    }),
  )
  const exposure = exposureItem({
    user,
    merchantId: id('mer').parse(merchantId),
    sceneId,
    grantId,
    correlationId: hashId('wrt', grantId),
    arm: 'treated',
    atMs: grantedAtMs,
    windowMs: 7 * 86_400_000,
    stages: {},
    version: 1,
  })
  await client.send(new PutCommand({ TableName: ledger, Item: exposure }))
  await client.send(
    new PutCommand({
      TableName: ledger,
      Item: { ...codeKey(code), kind: 'code', user, grantId, merchantId },
    }),
  )
  return { grantId, sceneId }
}
