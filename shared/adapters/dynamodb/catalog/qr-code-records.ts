import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { type CatalogTables, merchantKey } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import {
  createEntityRecords,
  type EntityRecords,
  entityKey,
  type Reference,
} from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { parseMerchant, parseQrCode } from '#shared/contracts/items/catalog.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { QrCodeId } from '#shared/domain/ids.ts'
import type { Merchant } from '#shared/domain/merchants/merchant.ts'
import type { QrCode } from '#shared/domain/merchants/qr-code.ts'

/** Which QR code says this. */
const codeKey = (code: string) => ({ pk: `QR#${code}`, sk: 'OWNER' })

const referencesOf = ({ action, placement: { storeId } }: QrCode): Reference[] => [
  ...('sceneId' in action
    ? [{ type: 'SCENE', id: action.sceneId, pointer: '/action/sceneId' } as const]
    : []),
  ...('offerId' in action
    ? [{ type: 'OFFER', id: action.offerId, pointer: '/action/offerId' } as const]
    : []),
  ...(storeId === undefined ? [] : [{ type: 'STORE', id: storeId, pointer: '/placement/storeId' } as const]),
]

/** A merchant's QR codes, each with an item by which what is printed finds it. */
export const createQrCodeRecords = (tables: CatalogTables): EntityRecords<QrCodeId, QrCode> =>
  createEntityRecords(tables, {
    type: 'QR-CODE',
    quota: 'qrCodes',
    parse: parseQrCode,
    references: referencesOf,
    along: async (before, after) => {
      if (before !== undefined && after !== undefined) return []
      const { catalog: TableName } = tables
      if (after === undefined)
        return before === undefined ? [] : [{ write: { Delete: { TableName, Key: codeKey(before.code) } } }]
      const { code, merchantId, id: qrCodeId } = after
      const Item = { ...codeKey(code), kind: 'qr', merchantId, qrCodeId }
      return [{ write: { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } } }]
    },
  })

const ownerSchema = z.object({ merchantId: id('mer'), qrCodeId: id('qrc') })

export type FoundQrCode = { readonly qrCode: QrCode; readonly merchant: Merchant }
/** The QR code that says this, with its merchant; undefined where there is none. */
export type FindQrCode = (code: string, signal?: AbortSignal) => Promise<FoundQrCode | undefined>

export const createFindQrCode = ({
  client,
  catalog,
}: {
  readonly client: DynamoDBDocumentClient
  readonly catalog: string
}): FindQrCode => {
  const get = async (Key: { pk: string; sk: string }, signal?: AbortSignal) =>
    (await client.send(new GetCommand({ TableName: catalog, Key }), signal ? { abortSignal: signal } : {}))
      .Item

  return async (code, signal) => {
    const owner = await get(codeKey(code), signal)
    if (owner === undefined) return undefined
    const { merchantId, qrCodeId } = ownerSchema.parse(owner)
    const [qrCode, merchant] = await Promise.all([
      get(entityKey('QR-CODE', merchantId, qrCodeId), signal),
      get(merchantKey(merchantId), signal),
    ])
    if (qrCode === undefined || merchant === undefined) return undefined
    return { qrCode: parseQrCode(qrCode), merchant: parseMerchant(merchant) }
  }
}
