import { type CloudOptions, type RunningCloud, runCloud } from '#local/cloud/run-cloud.ts'
import { synthesize } from '#local/cloud/synthesize.ts'

/** Beckon on one machine. */
export type LocalCloud = RunningCloud & {
  /** Names of the tables. */
  tables: { catalog: string; presence: string; ledger: string }
  /** Addresses of the queues. */
  queues: { timers: string; push: string; sms: string; jobs: string }
}

/**
 * Synthesizes Beckon's CDK app and runs its templates.
 *
 * @example
 * const cloud = await startLocalCloud({ port: 0, clock: { kind: 'virtual', atMs: Date.UTC(2026, 0, 5) }, dynamodb: 'dynoxide' })
 * const token = await cloud.issueToken({ sub: 'maria', scopes: ['customer'] })
 * await fetch(`${cloud.url}/v1/pings`, { method: 'POST', headers: { authorization: token, 'content-type': 'application/json' }, body })
 * await cloud.drain()
 * cloud.phones.received()
 * await cloud.close()
 */
export const startLocalCloud = async (options: CloudOptions): Promise<LocalCloud> => {
  const assembly = await synthesize(options.onProgress)
  const cloud = await runCloud(assembly, options)
  const table = (logicalId: string) => present(cloud.plan.tables, logicalId, (one) => one === logicalId).name
  const queue = (prefix: string) => present(cloud.plan.queues, prefix, (one) => one.startsWith(prefix)).url
  try {
    return {
      ...cloud,
      tables: {
        catalog: table('CatalogTable'),
        presence: table('PresenceTable'),
        ledger: table('LedgerTable'),
      },
      // Constructs add letters to the ids of what they hold.
      queues: {
        timers: queue('TimersQueue'),
        push: queue('PushQueue'),
        sms: queue('SmsQueue'),
        jobs: queue('JobsQueue'),
      },
    }
  } catch (error) {
    await cloud.close()
    throw error
  }
}

const present = <T extends { logicalId: string }>(
  resources: readonly T[],
  name: string,
  fits: (logicalId: string) => boolean,
): T => {
  const found = resources.find(({ logicalId }) => fits(logicalId))
  if (found === undefined) throw new Error(`the templates have no ${name}`)
  return found
}
