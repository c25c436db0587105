import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { type BuildOptions, buildSync } from 'esbuild'

export const functionNames = [
  'match-pings',
  'customer-api',
  'merchant-api',
  'decide-offers',
  'send-messages',
  'remind-revisits',
  'run-jobs',
] as const
export type FunctionName = (typeof functionNames)[number]

/** Where a function's code comes from: the bundler, or a placeholder in tests. */
export type FunctionCode = (name: FunctionName) => Code

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Never written; it fixes the relative paths in source maps, so that equal sources give equal asset hashes. */
const virtualOut = join(root, '.beckon', 'functions')

/**
 * Bundles `functions/<name>/handler.ts` of all functions, each into one ES module with everything in it (the AWS SDK
 * too: the runtime's own version changes without notice), and hands them to `build`. The bundles are gone afterwards:
 * CDK has copied them into the cloud assembly by then.
 *
 * One esbuild call for all seven instead of `NodejsFunction`, which starts npx and esbuild once for each. Each function
 * still gets a folder, and so an asset, of its own: a change in one deploys one.
 *
 * @example withBundledFunctions((codeOf) => buildBeckon(app, { stage, config, codeOf }))
 */
export const withBundledFunctions = <T>(build: (codeOf: FunctionCode) => T): T => {
  const directory = mkdtempSync(join(tmpdir(), 'beckon-functions-'))
  try {
    for (const { path, contents } of bundle()) {
      const target = join(directory, relative(virtualOut, path))
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, contents)
    }
    writeReference(join(directory, 'customer-api', 'reference'))
    return build((name) => Code.fromAsset(join(directory, name)))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const WRITE_LIMIT_MS = 60_000

/**
 * What customer-api serves of the API's own description. It is made of all functions' routes, which neither this program
 * nor a function may import: so another program writes it, each time, and it is never older than the code beside it.
 */
const writeReference = (folder: string): void => {
  const script = join(root, 'scripts', 'write-reference.ts')
  execFileSync(process.execPath, [script, folder], { cwd: root, stdio: 'pipe', timeout: WRITE_LIMIT_MS })
}

/** How every function is bundled. */
export const BUNDLING = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  // CommonJS packages in the bundle call require(), which an ES module does not have.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
} satisfies BuildOptions

const bundle = () =>
  buildSync({
    ...BUNDLING,
    absWorkingDir: root,
    entryPoints: functionNames.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir: virtualOut,
    outExtension: { '.js': '.mjs' },
    write: false,
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  }).outputFiles
