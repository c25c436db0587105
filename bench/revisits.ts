import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureRevisits, type Units } from '#bench/revisit-world.ts'
import { startProgress } from '#local/progress.ts'
import { percentile } from '#local/replay/percentiles.ts'

const { values } = parseArgs({ options: { customers: { type: 'string', default: '10000' } } })
const customers = Number(values.customers)

const perCustomer = (what: string, units: Units) =>
  Object.entries(units)
    .filter(([, { read, write }]) => read + write > 0)
    .map(([table, { read, write }]) => ({
      what,
      table: table.replace(/^.*-/, ''),
      'read units': Math.round((read / customers) * 100) / 100,
      'write units': Math.round((write / customers) * 100) / 100,
    }))

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; ${customers} customers due in one hour`,
)
const startedMs = performance.now()
const progress = startProgress('reminded', customers)
const measured = await measureRevisits(customers, (reached) => progress.update(reached))
progress.stop()
const { planning, hour, perMinute, differences } = measured
for (const difference of differences.slice(0, 20)) console.error(difference)
if (differences.length > 0) process.exitCode = 1
console.table([
  {
    customers,
    'reached a minute p50': percentile(perMinute.slice(0, 60), 0.5),
    most: Math.max(...perMinute),
    differences: differences.length,
    's in all': Math.round((performance.now() - startedMs) / 1000),
  },
])
console.log('Units for each customer:')
console.table([...perCustomer('planned anew', planning), ...perCustomer('due: raised, decided, sent', hour)])
