// Runs the tests that use a DynamoDB engine on Amazon's DynamoDB Local instead of dynoxide.
import { spawnSync } from 'node:child_process'

// Where a DynamoDB engine is used; further arguments choose among them.
const WITH_ENGINE = ['test/adapters', 'test/functions', 'test/local/end-to-end']
const chosen = process.argv.slice(2)

// One file at a time: the engine takes the other core, and what it has no time for would meet the clients' time limits.
const { status } = spawnSync(
  'vitest',
  ['run', '--maxWorkers=1', ...(chosen.length > 0 ? chosen : WITH_ENGINE)],
  {
    stdio: 'inherit',
    // Bad input is met before any engine: there a tenth of the requests is enough.
    env: {
      BECKON_FUZZ_REQUESTS: '2000',
      ...process.env,
      BECKON_DYNAMODB: 'local',
      BECKON_REPORT: '.beckon/vitest-dynamodb-local.json',
    },
  },
)
process.exit(status ?? 1)
