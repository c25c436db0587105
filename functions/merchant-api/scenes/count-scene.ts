import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'scenes' | 'sumCounts'>
type Path = MerchantPath & { readonly sceneId: SceneId }
type Query = { readonly from: string; readonly to: string }

/** Of customers who have not acted with the merchant it sees no smaller counts (DESIGN.md section 4, I9). */
const SMALLEST_SHOWN = 20
/** What customers did themselves. */
const ACTS: ReadonlySet<string> = new Set(['redeemed'])

const isShown = ([name, count]: [string, number]): boolean => ACTS.has(name) || count >= SMALLEST_SHOWN

/** Answers a scene's counters over a range of UTC days. */
export const countScene: UseCase<Services, Path, Query> = (services) => async (request) => {
  const { path, query, signal } = request
  const scene = await services.scenes.find(path.merchantId, path.sceneId, signal)
  if (scene === undefined) throw new Problem('notFound')
  const sums = await services.sumCounts(scene.id, query.from, query.to, signal)
  const all = [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    status: 200,
    body: {
      sceneId: scene.id,
      ...query,
      counts: Object.fromEntries(all.filter(isShown)),
      fewerThan20: all.filter((entry) => !isShown(entry)).map(([name]) => name),
    },
  }
}
