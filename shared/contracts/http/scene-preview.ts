import * as z from 'zod'
import { LINT_RULES } from '#shared/domain/messages/lint-template.ts'

/** `POST /v1/merchants/{merchantId}/scenes:preview`: what is wrong with the templates, and what an SMS takes at its longest. */
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
        /** Of all parts, by the price that the operator set (`sms.partPriceUsd`); absent where none is set. */
        costUsd: z.number().min(0).exactOptional(),
      }),
    )
    .max(30),
})
