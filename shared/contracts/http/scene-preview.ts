import * as z from 'zod'
import { LINT_RULES } from '#shared/domain/messages/lint-template.ts'

/** `POST /v1/merchants/{merchantId}/scenes:preview`: what is wrong with the templates, and what an SMS at its longest takes. */
export const scenePreviewSchema = z.strictObject({
  findings: z
    .array(
      z.strictObject({
        rule: z.enum(LINT_RULES),
        pointer: z.string().max(400),
        sentence: z.string().max(500),
      }),
    )
    .max(1000),
  sms: z
    .array(
      z.strictObject({
        pointer: z.string().max(400),
        parts: z.int().min(1).max(100),
        encoding: z.string().max(10),
      }),
    )
    .max(30),
})
