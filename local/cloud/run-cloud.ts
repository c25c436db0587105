import type { IncomingMessage } from 'node:http'
import type { HttpAnswer } from '#local/cloud/api/http-event.ts'
import { createLocalApi } from '#local/cloud/api/serve-api.ts'
import { type ClockSetting, createClock, type LocalClock } from '#local/cloud/clock.ts'
import { connectStreams } from '#local/cloud/connect-streams.ts'
import { answerControl } from '#local/cloud/controls.ts'
import { createTables } from '#local/cloud/engine/create-tables.ts'
import { createDynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import { type EngineChoice, startEngine } from '#local/cloud/engine/start-engine.ts'
import { createQueueSource } from '#local/cloud/events/queue-source.ts'
import { type LocalServer, listenLocally } from '#local/cloud/http-server.ts'
import type { Outcome } from '#local/cloud/lambda/execution-environment.ts'
import { functionEnvironment } from '#local/cloud/lambda/function-environment.ts'
import { type FunctionStats, runFunctions } from '#local/cloud/lambda/run-functions.ts'
import { createEventPlayer, type Drained } from '#local/cloud/play/play-events.ts'
import { createSchedule } from '#local/cloud/play/schedule.ts'
import { openQueueStore, type QueueCounts, type QueueStore } from '#local/cloud/queues/queue-store.ts'
import { createSqsEndpoint } from '#local/cloud/queues/sqs-endpoint.ts'
import { openState } from '#local/cloud/state.ts'
import type { CloudPlan } from '#local/cloud/template/cloud-plan.ts'
import { planCloud } from '#local/cloud/template/plan-cloud.ts'
import { readAssembly } from '#local/cloud/template/read-assembly.ts'
import { createTokenIssuer, type TokenIssuer } from '#local/cloud/token-issuer.ts'
import { openTtlIndex } from '#local/cloud/ttl/ttl-index.ts'
import { type FaultPlan, startDynamodbProxy } from '#local/peers/dynamodb-proxy.ts'
import { type PeerResponse, peerHeaders, readPeerBody } from '#local/peers/peer-http.ts'
import { createPhoneGateway, type PhoneGateway } from '#local/peers/phone-gateway.ts'
import type { ReceivedMessage } from '#local/peers/phone-message.ts'
import { createPlaces } from '#local/peers/places.ts'
import { createSmsAnswers, type SmsAnswers } from '#local/peers/sms-answers.ts'
import { createTokenSigner } from '#local/peers/tokens.ts'

export type CloudOptions = {
  /** The port of the HTTP API; 0 takes any free one. */
  port: number
  /** Keeps all state there between runs; without it everything is in memory. */
  dataDir?: string
  clock: ClockSetting
  dynamodb: EngineChoice
  /** Precedes the tables' names: for several clouds on one engine. */
  tablePrefix?: string
  /** Sends the functions' DynamoDB traffic through the fault proxy: with faults, or only to count units. */
  proxy?: FaultPlan
  /** The most workers of one function; 2 without it. */
  maxWorkers?: number
  /** Plays events without being asked on the virtual clock, too (it stands still meanwhile). */
  background?: boolean
  onProgress?: (line: string) => void
  onPhone?: (message: ReceivedMessage) => void
  /** What the functions log, line by line. */
  onLog?: (functionName: string, line: string) => void
}

export type CloudStats = {
  functions: Record<string, FunctionStats>
  queues: Record<string, QueueCounts>
  /** About how many requests SQS would bill. */
  queueRequests: number
  /** Capacity units by table; only with `proxy`. */
  units?: Record<string, { read: number; write: number }>
}

export type CloudEndpoints = { dynamodb: string; streams: string; sns: string; sqs: string; location: string }

/** A cloud that runs. */
export type RunningCloud = {
  url: string
  endpoints: CloudEndpoints
  engine: 'dynoxide' | 'local' | 'url'
  plan: CloudPlan
  clock: Pick<LocalClock, 'nowMs' | 'setting' | 'setVirtual' | 'setWall'>
  /** Moves the virtual clock; what is due on the way is played in order. @throws {RangeError} backwards */
  advanceTo(atMs: number): Promise<Drained>
  /** Plays streams and queues until nothing is left that can happen now. */
  drain(): Promise<Drained>
  /** An access token; scopes with or without their prefix. */
  issueToken: TokenIssuer
  phones: PhoneGateway
  /** The owner of a phone number answers to an SMS. */
  answerSms: SmsAnswers['answer']
  /** The queues, to look into: `queueStore.counts(queue)`. */
  queueStore: QueueStore
  /** Runs a function with an event of one's own, by its short name. */
  invoke(shortName: string, event: object): Promise<Outcome>
  stats(): CloudStats
  /** The last lines that a function logged, at most 2,000. */
  logLines(shortName: string): string[]
  /** Replaces the proxy's faults. @throws {Error} without `proxy` */
  setFaults(plan: FaultPlan): void
  close(): Promise<void>
}

type Closer = () => Promise<void> | void

const REGION = 'us-east-1'
const ACCOUNT = '000000000000'
const MAX_WORKERS = 2
/** Where the key to SNS's signatures is. */
const CERTIFICATE = '/sns/SimpleNotificationService-local.pem'

/**
 * Runs the templates of a cloud assembly on this machine.
 *
 * @throws {PortInUse} {DataDirInUse} {TemplateError}
 * @example const cloud = await runCloud('cdk.out', { port: 0, clock: { kind: 'wall' }, dynamodb: 'dynoxide' })
 */
export const runCloud = async (assemblyDir: string, options: CloudOptions): Promise<RunningCloud> => {
  const closers: Closer[] = []
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    return await openCloud(assemblyDir, options, closers, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

const openCloud = async (
  assemblyDir: string,
  options: CloudOptions,
  closers: Closer[],
  closeAll: () => Promise<void>,
): Promise<RunningCloud> => {
  const { onProgress = () => {}, onLog = () => {} } = options

  // Both servers listen first: their addresses are part of what the templates resolve to.
  const api = await openServer(options.port, closers)
  const inner = await openServer(0, closers)
  const url = `http://127.0.0.1:${api.server.port}`
  const innerUrl = `http://127.0.0.1:${inner.server.port}`

  const state = openState(options.dataDir)
  closers.push(() => state.close())
  const times = state.store('clock')
  const clock = createClock(resumedClock(options.clock, times.get('atMs')))
  const nowMs = clock.nowMs

  const plan = planCloud(readAssembly(assemblyDir), {
    region: REGION,
    accountId: ACCOUNT,
    sqsUrl: `${innerUrl}/sqs`,
    apiUrl: url,
    tablePrefix: options.tablePrefix ?? '',
  })
  const engine = await startEngine({
    choice: options.dynamodb,
    dataDir: options.dataDir,
    store: state.store('engine'),
    onProgress,
  })
  closers.push(engine.close)
  onProgress(`DynamoDB engine: ${engine.kind} at ${engine.url}`)
  const client = createDynamodbClient(engine.url)
  closers.push(() => client.close())
  await createTables(client, plan.tables)

  const proxy =
    options.proxy === undefined
      ? undefined
      : await startDynamodbProxy({ target: engine.url, plan: options.proxy })
  if (proxy !== undefined) closers.push(() => proxy.close())
  const endpoints: CloudEndpoints = {
    dynamodb: proxy?.url ?? engine.url,
    streams: engine.url,
    sns: `${innerUrl}/sns`,
    sqs: `${innerUrl}/sqs`,
    location: `${innerUrl}/location`,
  }

  const queues = openQueueStore(state, plan.queues, nowMs)
  const answers = createSmsAnswers({
    subscriptions: plan.subscriptions,
    certificateUrl: `${innerUrl}${CERTIFICATE}`,
    nowMs,
  })
  const phones = createPhoneGateway({
    store: state.store('phones'),
    nowMs,
    confirmSubscription: answers.confirm,
  })
  closers.push(() => phones.close())
  if (options.onPhone !== undefined) phones.onReceived(options.onPhone)
  const sqs = createSqsEndpoint({ store: queues, isVirtual: () => clock.setting().kind === 'virtual' })
  const places = createPlaces()
  inner.serve(async (request, path) => {
    const peerRequest = {
      method: request.method ?? 'GET',
      headers: peerHeaders(request),
      body: await readPeerBody(request),
    }
    if (path === CERTIFICATE) return answers.certificate()
    if (path.startsWith('/sns')) return phones.handle(peerRequest)
    if (path.startsWith('/sqs')) return sqs.handle(peerRequest)
    if (path.startsWith('/location')) return places.handle({ ...peerRequest, path })
    return { status: 404, headers: {}, body: '' }
  })

  const functions = runFunctions({
    functions: plan.functions,
    environmentOf: (one) => functionEnvironment(one, REGION, endpoints),
    clock,
    maxWorkers: options.maxWorkers ?? MAX_WORKERS,
    onLine: onLog,
  })
  let closing = false
  const invoke = async (name: string, event: string, records?: number): Promise<Outcome> => {
    const outcome = await functions.invoke(name, event)
    // A function that was stopped with the cloud has not failed: nobody may draw conclusions from it.
    if (closing && !outcome.ok) return new Promise<never>(() => {})
    if (records !== undefined) {
      player.noteInvocation({ function: functions.shortName(name), durationMs: outcome.durationMs, records })
    }
    if (outcome.writes > 0) player.noteWrites()
    return outcome
  }

  const ttlAttributes = plan.tables.flatMap(({ name, ttlAttribute }) =>
    ttlAttribute === undefined ? [] : ([[name, ttlAttribute]] as const),
  )
  const ttl = openTtlIndex(state, client, new Map(ttlAttributes), nowMs)
  const { feeds, sources: streamSources } = connectStreams({
    plan,
    client,
    checkpoints: state.store('checkpoints'),
    queues,
    ttl,
    region: REGION,
    nowMs,
    invoke,
  })
  const queueSources = plan.queueSources.flatMap((source) => {
    const queue = queues.find(source.queueName)
    if (queue === undefined) return []
    const concurrency = Math.min(
      functions.concurrency(source.functionName),
      source.maxConcurrency ?? Infinity,
    )
    return [
      createQueueSource({
        plan: source,
        queue,
        store: queues,
        region: REGION,
        concurrency,
        nowMs,
        invoke: (event, records) => invoke(source.functionName, event, records),
      }),
    ]
  })
  const schedules = plan.schedules.map((schedule) =>
    createSchedule(schedule, state.store('schedules'), nowMs, options.clock.kind === 'virtual'),
  )

  const signer = await createTokenSigner({ store: state.store('tokens'), nowMs: Date.now })
  const { routes, cors } = plan
  const localApi = createLocalApi({ routes, ...(cors && { cors }), signer, nowMs, invoke })
  const player = createEventPlayer({
    clock,
    feeds,
    streamSources,
    queueSources,
    schedules,
    ttl,
    tick: async ({ plan: { functionName, input } }) => {
      await invoke(functionName, input, 1)
    },
    untilApiIdle: localApi.untilIdle,
    apiIsBusy: localApi.isBusy,
    onTime: (atMs) => times.put('atMs', String(atMs)),
    onBackgroundError: (error) => onProgress(`the local cloud could not go on: ${String(error)}`),
  })
  queues.onSent(() => player.wake())
  const moveClock = (move: () => void) => {
    move()
    times.put('atMs', String(nowMs()))
    for (const schedule of schedules) schedule.restart()
    if (clock.setting().kind === 'wall' || options.background === true) player.startBackground()
    else player.stopBackground()
  }
  if (options.clock.kind === 'wall' || options.background === true) player.startBackground()

  closers.push(async () => {
    closing = true
    player.stop()
    await functions.close()
  })

  const cloud: RunningCloud = {
    url,
    endpoints,
    engine: engine.kind,
    plan,
    clock: {
      nowMs,
      setting: clock.setting,
      setVirtual: (atMs) => moveClock(() => clock.setVirtual(atMs)),
      setWall: () => moveClock(clock.setWall),
    },
    advanceTo: player.advanceTo,
    drain: player.drain,
    issueToken: createTokenIssuer(signer, plan),
    phones,
    answerSms: answers.answer,
    queueStore: queues,
    invoke: (shortName, event) => invoke(functions.fullName(shortName), JSON.stringify(event)),
    stats: () => ({
      functions: functions.stats(),
      queues: Object.fromEntries(queues.queues.map((queue) => [queue.logicalId, queues.counts(queue)])),
      queueRequests: queues.requests(),
      ...(proxy !== undefined && { units: proxy.units() }),
    }),
    logLines: (shortName) => functions.logLines(functions.fullName(shortName)),
    setFaults: (faults) => {
      if (proxy === undefined) throw new Error('the cloud was started without the fault proxy')
      proxy.setPlan(faults)
    },
    close: closeAll,
  }
  api.serve((request, path, requested) =>
    path.startsWith('/_local/')
      ? answerControl(cloud, request, requested)
      : localApi.handle(request, requested),
  )
  return cloud
}

/** A virtual clock goes on where an earlier run ended, if that is later. */
const resumedClock = (setting: ClockSetting, storedMs: string | undefined): ClockSetting =>
  setting.kind === 'virtual' && storedMs !== undefined
    ? { kind: 'virtual', atMs: Math.max(setting.atMs, Number(storedMs)) }
    : setting

type Serve = (request: IncomingMessage, path: string, url: URL) => Promise<HttpAnswer | PeerResponse>

/** A server that answers 503 until it is told what to serve. */
const openServer = async (
  port: number,
  closers: Closer[],
): Promise<{ server: LocalServer; serve(answer: Serve): void }> => {
  let answer: Serve = async () => ({
    status: 503,
    headers: { 'content-type': 'application/json' },
    body: '{"message":"The local cloud is starting"}',
  })
  const server = await listenLocally(port, async (request, url, response) => {
    const result = await answer(request, url.pathname, url)
    if ('broken' in result && result.broken === true) {
      response.destroy()
      return 'answered'
    }
    return { status: result.status, headers: { ...result.headers }, body: result.body }
  })
  closers.push(server.close)
  return {
    server,
    serve: (next) => {
      answer = next
    },
  }
}
