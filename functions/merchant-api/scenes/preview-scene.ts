import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import { lintScene } from '#functions/merchant-api/scenes/lint-scene.ts'
import {
  type ObstacleServices,
  readObstacles,
  warningOf,
} from '#functions/merchant-api/scenes/require-speakable.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SceneRequest } from '#shared/contracts/http/scenes.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = ObstacleServices & Pick<MerchantServices, 'smsPartPriceUsd'>

/**
 * Answers what stands in the way of a scene (its templates, and that it can never speak), what may keep it silent, and what
 * each SMS takes and costs at its longest, without saving anything.
 */
export const previewScene: UseCase<Services, MerchantPath, unknown, SceneRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    const [report, obstacles] = await Promise.all([
      lintScene(services, path.merchantId, body, signal),
      readObstacles(services, path.merchantId, body, signal),
    ])
    if (report === undefined) throw new Problem('notFound')
    return {
      status: 200,
      body: {
        findings: [
          ...report.findings.map(({ rule, pointer, sentence }) => ({ rule, pointer, sentence })),
          ...obstacles.filter(({ isSure }) => isSure).map(warningOf),
        ],
        warnings: obstacles.filter(({ isSure }) => !isSure).map(warningOf),
        sms: report.sms.map(({ pointer, parts, encoding, cost }) => ({
          pointer,
          parts,
          encoding,
          ...(cost !== undefined && { costUsd: cost }),
        })),
      },
    }
  }
