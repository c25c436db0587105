import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import { countedCells } from '#functions/merchant-api/reports/counted-cells.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { ReportQuery } from '#shared/contracts/http/reports.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import { reportScene } from '#shared/domain/loop/report.ts'
import { SHOWN_STEP } from '#shared/domain/loop/shown.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'scenes' | 'counters' | 'smsPartPriceUsd'>
type Path = MerchantPath & { readonly sceneId: SceneId }

/** Answers what a scene has brought over a range of UTC days. */
export const getSceneReport: UseCase<Services, Path, ReportQuery> = (services) => async (request) => {
  const { path, query, signal } = request
  const { currency, ...days } = query
  const scene = await services.scenes.find(path.merchantId, path.sceneId, signal)
  if (scene === undefined) throw new Problem('notFound')
  const cells = countedCells(await services.counters.ofScene(scene.id, days, signal))
  const report = reportScene(cells, days, currency, services.smsPartPriceUsd)
  return { status: 200, body: { sceneId: scene.id, ...days, roundedDownTo: SHOWN_STEP, ...report } }
}
