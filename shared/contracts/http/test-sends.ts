import * as z from 'zod'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'

/** `POST /v1/merchants/{merchantId}/scenes/{sceneId}/test-sends`: sends the scene's message to the caller's own phone. */
export const testSendRequestSchema = z.strictObject({
  channel: z.enum(CHANNELS).describe('By which it goes to the caller’s own phone.'),
})

/** It is on its way. */
export const testSendSchema = z.strictObject({
  messageId: idSchema('msg'),
  channel: z.enum(CHANNELS).describe('By which it goes.'),
})
