import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import { countedCells } from '#functions/merchant-api/reports/counted-cells.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SummaryQuery } from '#shared/contracts/http/reports.ts'
import { isId, type SceneId } from '#shared/domain/ids.ts'
import { secondDealsOf } from '#shared/domain/loop/deal.ts'
import { reportScene } from '#shared/domain/loop/report.ts'
import { shownOver } from '#shared/domain/loop/shown.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'scenes' | 'counters' | 'smsPartPriceUsd'>

const rowOf = async (
  { counters, smsPartPriceUsd }: Services,
  { id, name, state, goal }: Scene,
  { from, to, currency }: SummaryQuery,
  signal: AbortSignal,
) => {
  const days = { from, to }
  const cells = countedCells(await counters.ofScene(id, days, signal))
  const {
    treated: _,
    holdout: __,
    byStore: ___,
    byDay: ____,
    ...report
  } = reportScene(cells, days, currency, smsPartPriceUsd)
  return { sceneId: id, name, state, ...(goal !== undefined && { goal }), ...report }
}

const isSceneId = (text: string): text is SceneId => isId('scn', text)

/**
 * Answers what each of a merchant's scenes has brought, a page of them, in the order of their ids, and how many of its
 * new customers came back.
 */
export const getSummary: UseCase<Services, MerchantPath, SummaryQuery> = (services) => async (request) => {
  const { path, query, signal } = request
  const after = decodeCursor(query.cursor, isSceneId)
  const page = await services.scenes.list(path.merchantId, { limit: query.limit, after }, signal)
  const { from, to } = query
  const days = { from, to }
  const [merchantCells, ...items] = await Promise.all([
    services.counters.ofMerchant(path.merchantId, days, signal),
    ...page.items.map((scene) => rowOf(services, scene, query, signal)),
  ])
  const secondDeals = secondDealsOf(shownOver(countedCells(merchantCells), days))
  return {
    status: 200,
    body: { items, secondDeals, ...(page.next !== undefined && { next: encodeCursor(page.next) }) },
  }
}
