import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { afterAll } from 'vitest'
import * as z from 'zod'
import { buildBeckon } from '#infra/build-beckon.ts'
import { configOf } from '#infra/config.ts'
import type { StageConfig } from '#infra/stage-config.ts'
import cdkJson from '../../cdk.json' with { type: 'json' }

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
})
const template = z.object({ Resources: z.record(z.string(), resource) })

export type Resource = z.infer<typeof resource>
export type Resources = Readonly<Record<string, Resource>>

export const account = '111122223333'
export const allPushApplications = {
  apns: `arn:aws:sns:eu-west-1:${account}:app/APNS/shop`,
  apnsSandbox: `arn:aws:sns:eu-west-1:${account}:app/APNS_SANDBOX/shop`,
  fcm: `arn:aws:sns:eu-west-1:${account}:app/GCM/shop`,
}

const scratch = mkdtempSync(join(tmpdir(), 'beckon-test-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A directory of its own for one cloud assembly; gone after the test file. */
export const newOutdir = () => mkdtempSync(join(scratch, 'cdk-'))

/** The app of a stage, with placeholders for the functions' code. */
export const appOf = (stage: string, change: Partial<StageConfig> = {}) => {
  const app = new App({ context: cdkJson.context, analyticsReporting: false, outdir: newOutdir() })
  const stacks = buildBeckon(app, {
    stage,
    config: { ...configOf(stage), ...change },
    codeOf: (name) => Code.fromInline(`exports.handler = async () => '${name}'`),
  })
  return { app, ...stacks }
}

/** The templates of a stage; synthesis runs cdk-nag and CloudFormation's own rules and throws on a finding. */
export const synthesize = (stage: string, change: Partial<StageConfig> = {}) => {
  const assembly = appOf(stage, change).app.synth()
  const resourcesOf = (stack: string): Resources =>
    template.parse(assembly.getStackByName(`beckon-${stage}-${stack}`).template).Resources
  const report = readFileSync(join(assembly.directory, 'validation-report.json'), 'utf8')
  return { assembly, data: resourcesOf('data'), pipeline: resourcesOf('pipeline'), report }
}

/** The resources of one type. */
export const ofType = (resources: Resources, type: string): Resource[] =>
  Object.values(resources).filter((r) => r.Type === type)

/** The only resource of a type with these properties. */
export const theOne = (resources: Resources, type: string, fits: (r: Resource) => boolean = () => true) => {
  const found = Object.entries(resources).filter(([, r]) => r.Type === type && fits(r))
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`${found.length} of ${type}`)
  return { logicalId: first[0], ...first[1] }
}

/** The Lambda function of this name (POWERTOOLS_SERVICE_NAME). */
export const functionOf = (resources: Resources, name: string) =>
  theOne(resources, 'AWS::Lambda::Function', (r) => variablesOf(r)['POWERTOOLS_SERVICE_NAME'] === name)

export const variablesOf = (fn: Resource) =>
  z.object({ Variables: z.record(z.string(), z.unknown()) }).parse(fn.Properties['Environment']).Variables
