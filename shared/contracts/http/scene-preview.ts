import * as z from 'zod'
import { sceneSchema } from '#shared/contracts/http/scenes.ts'
import { LINT_RULES } from '#shared/domain/messages/lint-template.ts'
import { OBSTACLE_RULES } from '#shared/domain/scenes/obstacles.ts'

const places = { pointer: z.string().max(400), sentence: z.string().max(500) }

/** What may keep a scene silent. */
export const sceneWarningsSchema = z
  .array(z.strictObject({ rule: z.enum(OBSTACLE_RULES), ...places }))
  .max(100)

/** What a create or a replace answers. */
export const savedSceneSchema = sceneSchema.extend({ warnings: sceneWarningsSchema.exactOptional() })

/**
 * `POST /v1/merchants/{merchantId}/scenes:preview`: what keeps the scene from being activated, what may keep it silent, and
 * what an SMS takes at its longest.
 */
export const scenePreviewSchema = z.strictObject({
  findings: z
    .array(z.strictObject({ rule: z.enum([...LINT_RULES, ...OBSTACLE_RULES]), ...places }))
    .max(1000),
  warnings: sceneWarningsSchema,
  sms: z
    .array(
      z.strictObject({
        pointer: z.string().max(400),
        parts: z.int().min(1).max(100),
        encoding: z.string().max(10),
        costUsd: z
          .number()
          .min(0)
          .exactOptional()
          .describe(
            'Of all parts, in US dollars, by the price that the operator set (`sms.partPriceUsd`); absent where none is set.',
          ),
      }),
    )
    .max(30),
})
