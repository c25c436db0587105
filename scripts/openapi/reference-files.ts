import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDocument } from '#scripts/openapi/document.ts'

const PAGE = join(import.meta.dirname, 'page')
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

const textOf = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

/**
 * Writes what customer-api serves of the API's own description into a folder, compressed: the document, and the page that
 * shows it with all that the page loads.
 */
export const writeReferenceFiles = async (folder: string): Promise<void> => {
  const files = {
    'openapi.json': JSON.stringify(await createDocument()),
    'docs.html': textOf(PAGE, 'docs.html'),
    'start.js': textOf(PAGE, 'start.js'),
    'swagger-ui.css': textOf(SWAGGER_UI, 'swagger-ui.css'),
    'swagger-ui-bundle.js': textOf(SWAGGER_UI, 'swagger-ui-bundle.js'),
  }
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 9 }))
}
