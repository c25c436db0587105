import { parseArgs } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { PROOF_KINDS, type Proof, proveCounters, RECOUNTED_DAYS } from '#shared/contracts/items/recount.ts'

const USAGE = `Counts the reports again from the facts and tells where a counter differs: npm run recount -- [options]

  --url URL      a local cloud, e.g. http://127.0.0.1:4000
  --table NAME   or a Ledger in AWS (output LedgerName of the data stack), with the credentials and region of the shell

It looks at the last ${RECOUNTED_DAYS} days, because decisions are explained for 30; what is written meanwhile may differ.
Exit code 1 when something differs.
`

type Item = Record<string, unknown>

/** Reads what a recount needs of a whole Ledger, consistently; nothing else is kept in memory. */
export const readFacts = async (client: DynamoDBDocumentClient, table: string): Promise<Item[]> => {
  const items: Item[] = []
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
    items.push(...(page.Items ?? []).filter(({ kind }) => PROOF_KINDS.has(kind)))
  return items
}

/** One line for each difference, and one for the whole. */
export const proofLines = ({ differences, compared, notComparable }: Proof): string[] => [
  ...differences.map(
    ({ counter, name, counted, recounted }) =>
      `${counter} ${name}: counted ${counted}, facts say ${recounted}`,
  ),
  ...(notComparable > 0
    ? [`${notComparable} counters not compared: somebody was erased whom they have counted`]
    : []),
  `${compared} counters compared, ${differences.length} differences`,
]

const health = z.object({
  endpoints: z.object({ streams: z.url() }),
  tables: z.object({ LedgerTable: z.string() }),
  clock: z.object({ atMs: z.number() }),
})

type Ledger = { readonly client: DynamoDBDocumentClient; readonly table: string; readonly nowMs: number }

/** Undefined where no local cloud answers. */
const localLedger = async (url: string): Promise<Ledger | undefined> => {
  const reply = await fetch(new URL('/_local/health', url)).catch(() => undefined)
  if (reply?.ok !== true) return undefined
  const { endpoints, tables, clock } = health.parse(await reply.json())
  const client = new DynamoDBClient({
    endpoint: endpoints.streams,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  return { client: DynamoDBDocumentClient.from(client), table: tables.LedgerTable, nowMs: clock.atMs }
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      table: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const { url, table } = values
  if (values.help || (url === undefined) === (table === undefined)) {
    console.log(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const ledger =
    url === undefined
      ? {
          client: DynamoDBDocumentClient.from(new DynamoDBClient({})),
          table: table ?? '',
          nowMs: Date.now(),
        }
      : await localLedger(url)
  if (ledger === undefined) {
    console.error(`no local cloud answers at ${url}: \`npm start\` says where it is`)
    process.exitCode = 2
    return
  }
  const proof = proveCounters(await readFacts(ledger.client, ledger.table), ledger.nowMs)
  ledger.client.destroy()
  console.log(proofLines(proof).join('\n'))
  process.exitCode = proof.differences.length > 0 ? 1 : 0
}

if (import.meta.main) await main()
