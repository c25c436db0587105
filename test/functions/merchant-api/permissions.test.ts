import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { routes } from '#functions/merchant-api/routes.ts'
import type { Example } from '#scripts/openapi/example.ts'
import { EXAMPLE_PATH } from '#scripts/openapi/example-ids.ts'
import { EXAMPLES } from '#scripts/openapi/examples.ts'
import { MERCHANT_ACTIONS, type MerchantAction, may } from '#shared/domain/merchants/may.ts'
import { MEMBER_ROLES, type MemberRole } from '#shared/domain/merchants/merchant.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { newMerchant, putMember } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))

/** Every route about one merchant, with the action it names. */
const merchantRoutes = Object.entries(routes).filter(([key]) => / \/v1\/merchants\/\{merchantId\}/.test(key))

const call = async (key: string, subject: string, merchantId: string) => {
  const names = [...key.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? [])
  const path = Object.fromEntries(
    names.map((name) => [name, name === 'merchantId' ? merchantId : (EXAMPLE_PATH[name] ?? '')]),
  )
  // Every operation has an example, which another test sends.
  const { query, body: example }: Example = EXAMPLES[routes[key]?.document.operationId ?? ''] ?? {}
  const { status, body } = await callApi(handler, key, {
    subject,
    path,
    ...(example !== undefined && { body: example }),
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
