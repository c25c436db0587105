// Installs the dependencies when they are missing or older than the lock file. Runs before `npm start`,
// `npm test` and the commands below local/, on whatever Node the machine has (20 or newer): plain JavaScript, no imports
// from node_modules.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

const changedMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

// npm writes its own list at the end of every install, whoever asked for it.
if (changedMs('node_modules/.package-lock.json') < changedMs('package-lock.json')) {
  // stdout belongs to the command that follows.
  console.error('Installing dependencies (once, about half a minute) …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['inherit', 2, 'inherit'],
  })
  if (status !== 0) process.exit(status ?? 1)
}
