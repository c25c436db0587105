import * as z from 'zod'

const pushWords = { title: z.string(), body: z.string() }
const smsWords = { body: z.string() }

/** What a message says, as it stands on scenes and messages. */
export const contentFields = {
  push: z
    .object({ ...pushWords, deepLink: z.string().exactOptional(), imageUrl: z.string().exactOptional() })
    .exactOptional(),
  sms: z.object({ ...smsWords, code: z.string().exactOptional() }).exactOptional(),
  translations: z
    .record(
      z.string(),
      z.object({ push: z.object(pushWords).exactOptional(), sms: z.object(smsWords).exactOptional() }),
    )
    .exactOptional(),
}
