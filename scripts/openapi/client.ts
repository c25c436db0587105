import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type GenerateApiParams, generateApi } from 'swagger-typescript-api'
import { audienceOf } from '#scripts/openapi/audience.ts'
import { createDocument } from '#scripts/openapi/document.ts'
import { type JsonSchema, mapObjects } from '#scripts/openapi/json-schema.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'

const AUDIENCES: ReadonlyMap<unknown, string> = new Map(
  Object.values(ALL_ROUTES).map((route) => [route.document.operationId, audienceOf(route)]),
)

/** The document with whom each operation is for as its tag: the client is made of tags. */
const byAudience = (document: JsonSchema): unknown =>
  mapObjects(document, (object) => {
    const audience = AUDIENCES.get(object['operationId'])
    return audience === undefined ? object : { ...object, tags: [audience] }
  })

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const isOf = (file: string, hash: string): boolean =>
  existsSync(file) && readFileSync(file, 'utf8').startsWith(`// ${hash}\n`)

/** A query that may be left out is handed on as undefined, which the generator's own type does not say. */
const withOptionalQuery = (client: string): string =>
  client.replace('query?: QueryParamsType;', 'query?: QueryParamsType | undefined;')

/**
 * Writes a typed client of the API, made from the OpenAPI document; one that is there already is kept while the document
 * is the same. Operations stand under their audience, by their names: `api.merchants.createStore(merchantId, body)`.
 */
export const writeClient = async (file: string): Promise<void> => {
  const document = JSON.stringify(byAudience(await createDocument()))
  const hash = hashOf(document)
  if (isOf(file, hash)) return
  const { files } = await generateApi({
    // The document is the generator's own type of version 2, says the generator; it reads 3.1.
    spec: JSON.parse(document) as NonNullable<GenerateApiParams['spec']>,
    output: false,
    silent: true,
    httpClientType: 'fetch',
    moduleNameFirstTag: true,
  })
  const [made] = files
  if (made === undefined || files.length > 1) throw new Error(`${files.length} files for one client`)
  mkdirSync(dirname(file), { recursive: true })
  // Moved into its place: somebody may read it at this moment.
  writeFileSync(`${file}.${process.pid}`, `// ${hash}\n${withOptionalQuery(made.fileContent)}`)
  renameSync(`${file}.${process.pid}`, file)
}
