import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { routes } from '#functions/merchant-api/routes.ts'
import { MERCHANT_ACTIONS, type MerchantAction, may } from '#shared/domain/merchants/may.ts'
import { MEMBER_ROLES, type MemberRole } from '#shared/domain/merchants/merchant.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import {
  geofenceBody,
  newMerchant,
  offerBody,
  putMember,
  sceneBody,
  UNION_SQUARE,
} from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))

const UNKNOWN: Readonly<Record<string, string>> = {
  storeId: 'sto_01J0000000000000000000000A',
  geofenceId: 'gf_01J0000000000000000000000A',
  sceneId: 'scn_01J0000000000000000000000A',
  offerId: 'off_01J0000000000000000000000A',
  regionId: 'reg_01J0000000000000000000000A',
  userId: 'usr_01J0000000000000000000000A',
}

/** A body that each route takes; a new route without one here is asked without a body. */
const BODIES: Readonly<Record<string, unknown>> = {
  'PUT /v1/merchants/{merchantId}': { name: 'Blue Door' },
  'PUT /v1/merchants/{merchantId}/members/{userId}': { role: 'staff' },
  'POST /v1/merchants/{merchantId}/stores': { name: 'One', ...UNION_SQUARE },
  'PUT /v1/merchants/{merchantId}/stores/{storeId}': { name: 'One', ...UNION_SQUARE },
  'POST /v1/merchants/{merchantId}/geofences': geofenceBody(),
  'PUT /v1/merchants/{merchantId}/geofences/{geofenceId}': geofenceBody(),
  'POST /v1/merchants/{merchantId}/geofences:contains': UNION_SQUARE,
  'POST /v1/merchants/{merchantId}/scenes': sceneBody(),
  'PUT /v1/merchants/{merchantId}/scenes/{sceneId}': sceneBody(),
  'POST /v1/merchants/{merchantId}/scenes/{sceneId}/test-sends': { channel: 'push' },
  'POST /v1/merchants/{merchantId}/scenes:preview': sceneBody(),
  'POST /v1/merchants/{merchantId}/audience:estimate': { audience: { type: 'tag', tag: 'regular' } },
  'PUT /v1/merchants/{merchantId}/customers/{userId}': { tags: [] },
  'PUT /v1/merchants/{merchantId}/customers/{userId}/block': { reason: 'no-shows' },
  'POST /v1/merchants/{merchantId}/regions': { name: 'North' },
  'PUT /v1/merchants/{merchantId}/regions/{regionId}': { name: 'North' },
  'POST /v1/merchants/{merchantId}/offers': offerBody(),
  'PUT /v1/merchants/{merchantId}/offers/{offerId}': offerBody(),
  'POST /v1/merchants/{merchantId}/redemptions': { code: 'ABCDE-FGHJK' },
}
const QUERIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'GET /v1/merchants/{merchantId}/reports/summary': { from: '2026-11-01', to: '2026-11-02' },
  'GET /v1/merchants/{merchantId}/reports/scenes/{sceneId}': { from: '2026-11-01', to: '2026-11-02' },
  'GET /v1/merchants/{merchantId}/reports/stores/{storeId}': { from: '2026-11-01', to: '2026-11-02' },
}

/** Every route about one merchant, with the action it names. */
const merchantRoutes = Object.entries(routes).filter(([key]) => / \/v1\/merchants\/\{merchantId\}/.test(key))

const call = async (key: string, subject: string, merchantId: string) => {
  const names = [...key.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? [])
  const path = Object.fromEntries(names.map((name) => [name, UNKNOWN[name] ?? merchantId]))
  const query = QUERIES[key]
  const { status, body } = await callApi(handler, key, {
    subject,
    path,
    ...(BODIES[key] !== undefined && { body: BODIES[key] }),
    ...(query && { query }),
  })
  return { status, code: body?.code, body }
}

describe('the permission matrix', () => {
  const rowOf = (role: MemberRole): MerchantAction[] => MERCHANT_ACTIONS.filter((action) => may(role, action))

  test('is this one', () => {
    expect(Object.fromEntries(MEMBER_ROLES.map((role) => [role, rowOf(role).join(' ')]))).toEqual({
      owner:
        'read redeem editPlaces editScenes readCustomers editCustomers readMembers manageMembers readAudit export administer',
      manager: 'read redeem editPlaces editScenes readCustomers editCustomers readMembers readAudit',
      staff: 'read redeem',
      agency: 'read editPlaces editScenes',
      auditor: 'read readCustomers readMembers readAudit export',
    })
  })

  test('has an action for every route about a merchant', () => {
    expect(merchantRoutes.length).toBeGreaterThan(40)
    expect(merchantRoutes.filter(([, { action }]) => action === undefined).map(([key]) => key)).toEqual([])
  })

  test.each(MEMBER_ROLES.filter((role) => role !== 'owner'))(
    'lets %s do what it may on every route, and nothing else',
    async (role) => {
      const { id: merchantId } = await newMerchant(handler, `owner of ${role}`)
      await putMember(handler, `owner of ${role}`, merchantId, role, role)
      for (const [key, { action }] of merchantRoutes) {
        const { status, code } = await call(key, role, merchantId)
        expect([key, code === 'invalidRequest' || status === 415]).toEqual([key, false])
        expect([key, status === 403]).toEqual([key, action === undefined || !may(role, action)])
      }
    },
  )

  test('shows a foreign merchant and one that is not there alike, on every route', async () => {
    const { id: foreign } = await newMerchant(handler, 'somebody')
    for (const [key] of merchantRoutes) {
      const theirs = await call(key, 'stranger', foreign)
      expect([key, theirs.status]).toEqual([key, 404])
      expect(theirs, key).toEqual(await call(key, 'stranger', 'mer_01J0000000000000000000000A'))
    }
  })

  test('counts by the membership alone: a token says nothing of a role', async () => {
    const { id: merchantId } = await newMerchant(handler, 'boss')
    await putMember(handler, 'boss', merchantId, 'till person', 'staff')
    const answer = await callApi(handler, 'DELETE /v1/merchants/{merchantId}', {
      subject: 'till person',
      scopes: ['merchant', 'till'],
      claims: { role: 'owner', 'cognito:groups': '[owner]' },
      path: { merchantId },
    })
    expect(answer.status).toBe(403)
    expect(userIdOf('boss')).not.toBe(userIdOf('till person'))
  })
})
