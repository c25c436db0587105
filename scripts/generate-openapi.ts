import { writeFileSync } from 'node:fs'
import { createDocument } from '#scripts/openapi/document.ts'

// Called as `npm run openapi -- [FILE]`: writes the OpenAPI document to the file, or to standard output.
const text = `${JSON.stringify(await createDocument(), undefined, 2)}\n`
const [, , file] = process.argv
if (file === undefined) process.stdout.write(text)
else writeFileSync(file, text)
