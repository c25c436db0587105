// A cloud in a process of its own, for tests that kill it. Arguments: the assembly's folder, the data directory.
import { runCloud } from '#local/cloud/run-cloud.ts'
import { START_MS } from '#test/local/cloud/fixture-parts.ts'

const [, , folder = '', dataDir = ''] = process.argv
const cloud = await runCloud(folder, {
  port: 0,
  dataDir,
  clock: { kind: 'virtual', atMs: START_MS },
  dynamodb: process.env['BECKON_DYNAMODB'] === 'local' ? 'local' : 'dynoxide',
})
console.log(cloud.url)
