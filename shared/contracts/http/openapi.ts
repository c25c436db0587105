import * as z from 'zod'

/** `GET /openapi.json`: what tells an OpenAPI document from others; the rest is its own specification's. */
export const openApiDocumentSchema = z.looseObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.looseObject({ title: z.string().max(100), version: z.string().max(20) }),
  paths: z.record(z.string().max(200), z.unknown()),
})

/** `GET /docs/{file}`: what the reference page loads. */
export const referenceFilePathSchema = z.strictObject({ file: z.string().max(64) })
