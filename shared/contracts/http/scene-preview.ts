import * as z from 'zod'
import { sceneSchema } from '#shared/contracts/http/scenes.ts'
import { LINT_RULES } from '#shared/domain/messages/lint-template.ts'
import { OBSTACLE_RULES } from '#shared/domain/scenes/obstacles.ts'

const pointerSchema = z.string().max(400).describe('Where: a JSON pointer into the scene.')
const places = {
  pointer: pointerSchema,
  sentence: z.string().max(500).describe('What is wrong and what to do, in English.'),
}

const WARNINGS = 'What may keep it silent although it can be activated.'

/** What may keep a scene silent. */
export const sceneWarningsSchema = z
  .array(z.strictObject({ rule: z.enum(OBSTACLE_RULES).describe('What keeps it silent.'), ...places }))
  .max(100)

/** What a create or a replace answers. */
export const savedSceneSchema = sceneSchema.extend({
  warnings: sceneWarningsSchema.exactOptional().describe(WARNINGS),
})

/**
 * `POST /v1/merchants/{merchantId}/scenes:preview`: what keeps the scene from being activated, what may keep it silent, and
 * what an SMS takes at its longest.
 */
export const scenePreviewSchema = z.strictObject({
  findings: z
    .array(
      z.strictObject({
        rule: z
          .enum([...LINT_RULES, ...OBSTACLE_RULES])
          .describe('Which rule is broken (docs/templates.md).'),
        ...places,
      }),
    )
    .max(1000)
    .describe('What keeps it from being activated.'),
  warnings: sceneWarningsSchema.describe(WARNINGS),
  sms: z
    .array(
      z.strictObject({
        pointer: pointerSchema,
        parts: z.int().min(1).max(100).describe('How many SMS it is billed as, with long names filled in.'),
        encoding: z
          .string()
          .max(10)
          .describe('`GSM-7`, 160 characters alone and 153 a part; or `UCS-2`, 70 and 67.'),
        costUsd: z
          .number()
          .min(0)
          .exactOptional()
          .describe(
            'Of all parts, in US dollars, by the price that the operator set (`sms.partPriceUsd`); absent where none is set.',
          ),
      }),
    )
    .max(30)
    .describe('What each text message takes at its longest, one for each locale.'),
})
