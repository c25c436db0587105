// Installs the dependencies when they are missing or older than the lock file. Runs before `npm start`,
// `npm test` and the commands below local/, on whatever Node the machine has (20 or newer): plain JavaScript, no imports
// from node_modules.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const lockHash = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex')
const mark = 'node_modules/.beckon-lock'

if (!existsSync(mark) || readFileSync(mark, 'utf8') !== lockHash) {
  // stdout belongs to the command that follows.
  console.error('Installing dependencies (once, about half a minute) …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['inherit', 2, 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync(mark, lockHash)
}
