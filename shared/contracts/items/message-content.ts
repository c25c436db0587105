import * as z from 'zod'

/** What a message says, in the language of who reads it. */
export const contentSchema = z.object({
  push: z
    .object({
      title: z.string(),
      body: z.string(),
      deepLink: z.string().exactOptional(),
      imageUrl: z.string().exactOptional(),
    })
    .exactOptional(),
  sms: z.object({ body: z.string(), code: z.string().exactOptional() }).exactOptional(),
})
