import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDocument } from '#scripts/openapi/document.ts'

/** Writes what customer-api serves of the API's own description into a folder, compressed. */
export const writeReferenceFiles = async (folder: string): Promise<void> => {
  const write = (name: string, text: string): void =>
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 9 }))
  mkdirSync(folder, { recursive: true })
  write('openapi.json', JSON.stringify(await createDocument()))
}
