import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDocument } from '#scripts/openapi/document.ts'

// Called by bundling with a folder (infra/constructs/function-code.ts): writes there what customer-api serves of the API's
// own description, compressed.
const [, , folder] = process.argv
if (folder === undefined) throw new Error('name the folder to write to')
const write = (name: string, text: string): void =>
  writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 9 }))

mkdirSync(folder, { recursive: true })
write('openapi.json', JSON.stringify(await createDocument()))
