import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { Json } from '#local/cloud/json.ts'

const json: z.ZodType<Json> = z.json()

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), json).default({}),
  Condition: z.string().optional(),
})

const template = z.object({
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: json.optional() })).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), json))).default({}),
  Conditions: z.record(z.string(), json).default({}),
  Resources: z.record(z.string(), resource),
  Outputs: z
    .record(z.string(), z.object({ Value: json, Export: z.object({ Name: json }).optional() }))
    .default({}),
})

const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      displayName: z.string().optional(),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional() })
        .optional(),
    }),
  ),
})

const assetManifest = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
})

export type TemplateResource = z.output<typeof resource>
export type Template = z.output<typeof template>
export type AssemblyStack = { name: string; template: Template }
export type Assembly = {
  stacks: AssemblyStack[]
  /** Where the file with this S3 object key lies on this machine. */
  assetPaths: Map<string, string>
}

/**
 * Reads what `cdk synth` wrote: the templates of all stacks and where the functions' bundles lie.
 *
 * @throws {Error} when a file is missing or has another form
 * @example readAssembly('.beckon/cdk.out').stacks.map((stack) => stack.name)
 */
export const readAssembly = (folder: string): Assembly => {
  const stacks: AssemblyStack[] = []
  const assetPaths = new Map<string, string>()
  const { artifacts } = manifest.parse(readJson(folder, 'manifest.json'))
  for (const [id, artifact] of Object.entries(artifacts)) {
    const { templateFile, stackName } = artifact.properties ?? {}
    if (artifact.type !== 'aws:cloudformation:stack' || templateFile === undefined) continue
    stacks.push({ name: stackName ?? id, template: template.parse(readJson(folder, templateFile)) })
    const assets = assetManifest.parse(
      readJson(folder, templateFile.replace('.template.json', '.assets.json')),
    )
    for (const { source, destinations } of Object.values(assets.files)) {
      if (source.path === undefined) continue
      for (const { objectKey } of Object.values(destinations)) {
        assetPaths.set(objectKey, join(folder, source.path))
      }
    }
  }
  if (stacks.length === 0) throw new Error(`no stack in ${folder}`)
  return { stacks, assetPaths }
}

const readJson = (folder: string, file: string): unknown =>
  JSON.parse(readFileSync(join(folder, file), 'utf8'))
