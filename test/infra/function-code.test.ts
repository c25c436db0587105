import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { App } from 'aws-cdk-lib'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildBeckon } from '#infra/build-beckon.ts'
import { configOf } from '#infra/config.ts'
import { functionNames, withBundledFunctions } from '#infra/constructs/function-code.ts'
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
      expect(readdirSync(join(first.directory, asset)).sort()).toEqual(['index.mjs', 'index.mjs.map'])
    }
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

  it('has the same hash when nothing has changed', () => {
    expect(assetsOf().assets).toEqual(first.assets)
  })
})
