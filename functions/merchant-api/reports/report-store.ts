import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import { countedCells } from '#functions/merchant-api/reports/counted-cells.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { StoreId } from '#shared/domain/ids.ts'
import { reportStore } from '#shared/domain/loop/report.ts'
import { type Days, SHOWN_STEP } from '#shared/domain/loop/shown.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'stores' | 'counters'>
type Path = MerchantPath & { readonly storeId: StoreId }

/** Answers what came of a store's visits over a range of UTC days. */
export const getStoreReport: UseCase<Services, Path, Days> = (services) => async (request) => {
  const { path, query, signal } = request
  const store = await services.stores.find(path.merchantId, path.storeId, signal)
  if (store === undefined) throw new Problem('notFound')
  const cells = countedCells(await services.counters.ofStore(store.id, query, signal))
  const { byDay, ...report } = reportStore(cells, query)
  return {
    status: 200,
    body: {
      storeId: store.id,
      ...query,
      roundedDownTo: SHOWN_STEP,
      ...report,
      byDay: byDay.map(({ arm: _, ...row }) => row),
    },
  }
}
