import { writeReferenceFiles } from '#scripts/openapi/reference-files.ts'

// Called by bundling with a folder (infra/constructs/function-code.ts).
const [, , folder] = process.argv
if (folder === undefined) throw new Error('name the folder to write to')
await writeReferenceFiles(folder)
