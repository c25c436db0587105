import * as z from 'zod'

/** `GET /openapi.json`: what tells an OpenAPI document from others; the rest is its own specification's. */
export const openApiDocumentSchema = z.looseObject({
  openapi: z
    .string()
    .regex(/^3\.1\.\d+$/)
    .describe('The version of the specification.'),
  info: z
    .looseObject({
      title: z.string().max(100).describe('What the API is called.'),
      version: z.string().max(20).describe('Its version: the `v1` of the paths.'),
    })
    .describe('About the API.'),
  paths: z.record(z.string().max(200), z.unknown()).describe('The operations, by path and method.'),
})

/** `GET /docs/{file}`: what the reference page loads. */
export const referenceFilePathSchema = z.strictObject({
  file: z.string().max(64).describe('A file of the page.'),
})
