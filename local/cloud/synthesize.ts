import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url))

const OUT_DIR = join(PROJECT_DIR, '.beckon', 'cdk.out')
// Everything that a template or a bundle is made of.
const SOURCES = ['infra', 'functions', 'shared', 'package-lock.json', 'cdk.json']
const KEPT = 4
const LIMIT_MS = 180_000
const LOCK_EVERY_MS = 100

/**
 * Synthesizes the CDK app for the stage `local`, if its sources have changed since the last time, and answers where the
 * cloud assembly lies. Assemblies are named after what they were made of, so that a cloud that runs keeps its bundles
 * while another one synthesizes; the four newest are kept.
 *
 * @throws {Error} with what the app wrote, when it fails
 */
export const synthesize = async (onProgress: (line: string) => void = () => {}): Promise<string> => {
  const folder = join(OUT_DIR, hashOfSources())
  if (isComplete(folder)) return folder
  return withLock(async () => {
    if (isComplete(folder)) return folder
    onProgress('synthesizing the CDK app …')
    const draft = `${folder}.draft`
    rmSync(draft, { recursive: true, force: true })
    await runApp(draft)
    rmSync(folder, { recursive: true, force: true })
    renameSync(draft, folder)
    removeOld()
    return folder
  })
}

const isComplete = (folder: string): boolean => existsSync(join(folder, 'manifest.json'))

const hashOfSources = (): string => {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    for (const file of filesOf(join(PROJECT_DIR, source))) {
      const content = readFileSync(file)
      hash.update(`${file.slice(PROJECT_DIR.length)}:${content.length}:`).update(content)
    }
  }
  return hash.digest('hex').slice(0, 16)
}

const filesOf = (path: string): string[] => {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)))
}

const runApp = async (outDir: string): Promise<void> => {
  const app = spawn(process.execPath, [join('infra', 'app.ts')], {
    cwd: PROJECT_DIR,
    env: {
      ...process.env,
      PATH: [join(PROJECT_DIR, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
      CDK_OUTDIR: outDir,
      BECKON_STAGE: 'local',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-8_000)
  }
  app.stdout.on('data', keep)
  app.stderr.on('data', keep)
  const [code] = await once(app, 'close')
  if (code !== 0) throw new Error(`the CDK app failed:\n${output}`)
}

/**
 * One synthesis at a time, over all processes: test files run side by side. The lock is SQLite's, so the operating
 * system frees it when its holder ends, however it ends.
 */
const withLock = async <T>(work: () => Promise<T>): Promise<T> => {
  mkdirSync(OUT_DIR, { recursive: true })
  const lock = new DatabaseSync(join(OUT_DIR, 'lock.sqlite'))
  try {
    const untilMs = Date.now() + LIMIT_MS
    while (!tryLock(lock)) {
      if (Date.now() > untilMs) throw new Error('another synthesis does not end')
      await wait(LOCK_EVERY_MS)
    }
    return await work()
  } finally {
    lock.close()
  }
}

const tryLock = (lock: DatabaseSync): boolean => {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) return false
    throw error
  }
}

const removeOld = (): void => {
  const folders = readdirSync(OUT_DIR)
    .map((name) => join(OUT_DIR, name))
    .filter((path) => statSync(path).isDirectory())
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const folder of folders.slice(KEPT)) rmSync(folder, { recursive: true, force: true })
}
