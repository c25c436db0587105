import { createHash } from 'node:crypto'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import type { RetryOptions, TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import { customerIndex } from '#shared/contracts/items/relationship.ts'
import { DEVICE_PLATFORMS, type Device, type DevicePlatform } from '#shared/domain/customers/customer.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'

/** Where what customers have and did is kept. */
export type CustomerTables = { readonly client: DynamoDBDocumentClient; readonly ledger: string }

/** Something is to be written for a customer who was erased. */
export type Erased = 'erased'

export const retrying = (signal?: AbortSignal): RetryOptions => ({ random: Math.random, signal })

/** What stands for a token or a number in keys. */
export const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Whose phone a push token reaches. */
export const tokenKey = (platform: DevicePlatform, token: string) => ({
  pk: `TOKEN#${hash(`${platform}|${token}`)}`,
  sk: 'OWNER',
})

/** Whose number it is, by its E.164 form. */
export const phoneKey = (number: string) => ({ pk: `PHONE#${hash(number)}`, sk: 'OWNER' })

export const deviceKey = (user: UserId, deviceId: string) => ({ pk: userKey(user), sk: `DEVICE#${deviceId}` })

export const deviceItemSchema = z.object({
  deviceId: z.string(),
  platform: z.enum(DEVICE_PLATFORMS),
  token: z.string(),
  enabled: z.boolean(),
  updatedAt: z.string(),
  endpointArn: z.string().exactOptional(),
  locale: z.string().exactOptional(),
})

export const parseDevice = (item: unknown): Device => deviceItemSchema.parse(item)

/**
 * Of a device: it is as it was read. The endpoint belongs to the token, and the sender may have just written it: who
 * removes the device must know of it.
 */
export const deviceAsRead = ({ token, endpointArn }: Pick<Device, 'token' | 'endpointArn'>) => ({
  ConditionExpression: `#token = :token AND ${
    endpointArn === undefined ? 'attribute_not_exists(endpointArn)' : 'endpointArn = :arn'
  }`,
  ExpressionAttributeNames: { '#token': 'token' },
  ExpressionAttributeValues: { ':token': token, ...(endpointArn !== undefined && { ':arn': endpointArn }) },
})

/** Of the profile: its customer was not erased. */
export const NOT_ERASED = 'attribute_not_exists(tombstone)'

/** Every write for a customer is conditioned on this: it fails when the customer was erased. */
export const notErased = (ledger: string, user: UserId): TransactItem => ({
  ConditionCheck: {
    TableName: ledger,
    Key: profileKey(user),
    ConditionExpression: NOT_ERASED,
  },
})

/** Makes the profile if there is none, and counts one more change of it; fails when the customer was erased. */
export const touchProfile = (ledger: string, user: UserId, nowMs: number): TransactItem => ({
  Update: {
    TableName: ledger,
    Key: profileKey(user),
    UpdateExpression: `${SET_NEW_PROFILE} ADD version :one`,
    ConditionExpression: NOT_ERASED,
    ExpressionAttributeNames: PROFILE_NAMES,
    ExpressionAttributeValues: { ...newProfileValues(user, nowMs), ':one': 1 },
  },
})

/** Parts of an update that makes the profile when it is the first for its customer. */
export const SET_NEW_PROFILE =
  'SET kind = :kind, #user = :user, createdAt = if_not_exists(createdAt, :createdAt)'
export const PROFILE_NAMES = { '#user': 'user' }
export const newProfileValues = (user: UserId, nowMs: number) => ({
  ':kind': 'profile',
  ':user': user,
  ':createdAt': new Date(nowMs).toISOString(),
})

/** Marks that the customer acted with a merchant: from then on the merchant may see the customer. */
export const markActed = (ledger: string, user: UserId, merchantId: MerchantId, nowMs: number) => ({
  Update: {
    TableName: ledger,
    Key: { pk: userKey(user), sk: `M#${merchantId}` },
    UpdateExpression:
      'SET kind = :kind, #user = :user, merchantId = :merchant, actedAt = if_not_exists(actedAt, :at), merchantPk = :mpk, merchantSk = :msk, visits = if_not_exists(visits, :none) ADD version :one',
    ExpressionAttributeNames: { '#user': 'user' },
    ExpressionAttributeValues: {
      ':kind': 'relationship',
      ':user': user,
      ':merchant': merchantId,
      ':at': new Date(nowMs).toISOString(),
      ':none': 0,
      ':one': 1,
      ':mpk': customerIndex(user, merchantId, true).merchantPk,
      ':msk': customerIndex(user, merchantId, true).merchantSk,
    },
  },
})

/** As `markActed`; fails when the customer has acted with the merchant before. */
export const markFirstActed = (ledger: string, user: UserId, merchantId: MerchantId, nowMs: number) => ({
  Update: {
    ...markActed(ledger, user, merchantId, nowMs).Update,
    ConditionExpression: 'attribute_not_exists(actedAt)',
  },
})
