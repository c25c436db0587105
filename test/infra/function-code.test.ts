import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { App } from 'aws-cdk-lib'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildBeckon } from '#infra/build-beckon.ts'
import { configOf } from '#infra/config.ts'
import { functionNames, withBundledFunctions } from '#infra/constructs/function-code.ts'
import { createDocument } from '#scripts/openapi/document.ts'
import cdkJson from '../../cdk.json' with { type: 'json' }
import { newOutdir } from './synthesized.ts'

const assetsOf = () => {
  const app = new App({ context: cdkJson.context, analyticsReporting: false, outdir: newOutdir() })
  withBundledFunctions((codeOf) => buildBeckon(app, { stage: 'dev', config: configOf('dev'), codeOf }))
  const { directory } = app.synth()
  return { directory, assets: readdirSync(directory).filter((name) => name.startsWith('asset.')) }
}

describe('the functions’ code', () => {
  let first: ReturnType<typeof assetsOf>
  beforeAll(() => {
    first = assetsOf()
  })

  it('is one folder for each, with one module and its source map', () => {
    expect(first.assets).toHaveLength(functionNames.length)
    for (const asset of first.assets) {
      const files = readdirSync(join(first.directory, asset)).filter((name) => name !== 'reference')
      expect(files.sort()).toEqual(['index.mjs', 'index.mjs.map'])
    }
  })

  it('has the description of the API beside the function that serves it, as it is generated', async () => {
    const found = first.assets.flatMap((asset) => {
      const file = join(first.directory, asset, 'reference', 'openapi.json.gz')
      return existsSync(file) ? [gunzipSync(readFileSync(file)).toString('utf8')] : []
    })
    expect(found).toEqual([JSON.stringify(await createDocument())])
  })

  it('loads in Node with nothing beside it, says and does nothing then, and exports the handler', () => {
    const modules = first.assets.map((asset) => pathToFileURL(join(first.directory, asset, 'index.mjs')).href)
    const script = modules.map((url) => `console.log(typeof (await import('${url}')).handler)`).join('\n')
    const out = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: {},
      timeout: 30_000,
      encoding: 'utf8',
    })
    expect(out).toBe('function\n'.repeat(functionNames.length))
  })

  it('carries what keeps answers only where answers are kept', () => {
    const carriers = first.assets
      .map((asset) => readFileSync(join(first.directory, asset, 'index.mjs'), 'utf8'))
      .filter((code) => code.includes('IdempotencyAlreadyInProgressError'))
    expect(carriers).toHaveLength(2)
    for (const code of carriers) expect(code).not.toContain('POST /v1/pings')
  })

  it('has the same hash when nothing has changed', () => {
    expect(assetsOf().assets).toEqual(first.assets)
  })
})
