import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '..')

const sourcesIn = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))

type Import = { readonly from: string; readonly isTypeOnly: boolean }

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g

const importsOf = (file: string): Import[] =>
  [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(IMPORT)].map(([, type, from, dynamic]) => {
    const name = from ?? dynamic ?? ''
    const isRelative = name.startsWith('.')
    return {
      from: isRelative ? `#${path.join(path.dirname(file), name)}` : name,
      isTypeOnly: type !== undefined,
    }
  })

/** What files below a folder may import of the project, and of the AWS SDK. */
type Rule = {
  readonly folder: string
  readonly may: readonly (string | RegExp)[]
  readonly typesOnly?: readonly RegExp[]
  readonly awsSdk: boolean
}

const RULES: readonly Rule[] = [
  { folder: 'shared/domain', may: ['#shared/domain/'], awsSdk: false },
  { folder: 'shared/contracts', may: ['#shared/contracts/', '#shared/domain/'], awsSdk: false },
  {
    folder: 'shared/adapters',
    may: ['#shared/adapters/', '#shared/contracts/', '#shared/domain/'],
    awsSdk: true,
  },
  {
    folder: 'shared/runtime',
    may: ['#shared/runtime/', '#shared/contracts/', '#shared/domain/'],
    awsSdk: false,
  },
  { folder: 'functions', may: ['#shared/'], awsSdk: false },
  {
    folder: 'infra',
    may: ['#infra/', '#cdk.json'],
    typesOnly: [/^#functions\/[^/]+\/(env|limits)\.ts$/],
    awsSdk: false,
  },
  { folder: 'local', may: ['#local/', '#shared/domain/'], awsSdk: true },
]

const isAllowed = (rule: Rule, file: string, { from, isTypeOnly }: Import): boolean => {
  if (from.startsWith('@aws-sdk/')) return rule.awsSdk
  if (!from.startsWith('#')) return true
  // A function may import its own files, and no other function's.
  if (rule.folder === 'functions' && from.startsWith(`#${file.split(path.sep).slice(0, 2).join('/')}/`))
    return true
  if (
    rule.may.some((allowed) => (typeof allowed === 'string' ? from.startsWith(allowed) : allowed.test(from)))
  )
    return true
  return isTypeOnly && (rule.typesOnly ?? []).some((allowed) => allowed.test(from))
}

describe('the import rule', () => {
  for (const rule of RULES) {
    it(`holds in ${rule.folder}/`, () => {
      const files = sourcesIn(rule.folder)
      const broken = files.flatMap((file) =>
        importsOf(file)
          .filter((one) => !isAllowed(rule, file, one))
          .map(({ from }) => `${file} imports ${from}`),
      )
      expect(files.length).toBeGreaterThan(0)
      expect(broken).toEqual([])
    })
  }

  it('sees the imports that it judges', () => {
    expect(importsOf('functions/match-pings/handler.ts').map(({ from }) => from)).toContain(
      '#shared/runtime/lazy.ts',
    )
  })
})

describe('purity', () => {
  it('keeps clock, randomness and environment out of the domain', () => {
    const impure = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.env\b|\bconsole\./
    const found = sourcesIn('shared/domain').filter((file) =>
      impure.test(readFileSync(path.join(ROOT, file), 'utf8')),
    )
    expect(found).toEqual([])
  })

  it('asks for the time in one place', () => {
    const clock = /\bDate\.now\b|\bnew Date\(\)/
    const found = ['functions', 'shared']
      .flatMap(sourcesIn)
      .filter((file) =>
        clock.test(readFileSync(path.join(ROOT, file), 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '')),
      )
    expect(found).toEqual([path.join('shared', 'runtime', 'clock.ts')])
  })

  it('keeps handler files within sixty lines', () => {
    const long = sourcesIn('functions')
      .filter((file) => file.endsWith('handler.ts'))
      .filter((file) => readFileSync(path.join(ROOT, file), 'utf8').split('\n').length > 61)
    expect(long).toEqual([])
  })
})
