import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import {
  fixesToSend,
  hear,
  keepSilent,
  NEW_PHONE,
  type ObedientPhone,
  occasionFor,
} from '#shared/domain/presence/obedient-phone.ts'
import type { RegionAnswer } from '#shared/domain/presence/region.ts'
import { ask, type Client, isOk } from '#test/simulation/town/ask.ts'
import { customerName } from '#test/simulation/town/chronicle.ts'
import type { Point, StepOf } from '#test/simulation/town/steps.ts'

type Pinged = RegionAnswer & {
  readonly deferred?: readonly number[]
  readonly ignored: readonly { readonly index: number }[]
}

const pingOf = ({ atMs, lat, lon, accuracyM }: Fix) => ({
  at: new Date(atMs).toISOString(),
  lat,
  lon,
  ...(accuracyM > 0 && { accuracyM }),
})

const MAX_DEFERRALS = 10

/**
 * Uploads fixes until each is taken or ignored.
 *
 * @returns the last answer; undefined when the platform wants nothing of this customer any more
 */
const upload = async (
  client: Client,
  subject: string,
  fixes: readonly Fix[],
): Promise<Pinged | undefined> => {
  let left = fixes
  for (let round = 0; round < MAX_DEFERRALS; round++) {
    const sent = left
    const request = await ask(client, {
      route: 'POST /v1/pings',
      as: subject,
      scopes: ['customer'],
      body: { pings: sent.map(pingOf) },
    })
    if (!isOk(request)) return undefined
    const answer = request.answer.body as Pinged
    const deferred = new Set(answer.deferred ?? [])
    const ignored = new Set(answer.ignored.map(({ index }) => index))
    for (const [index, fix] of sent.entries()) {
      if (deferred.has(index)) continue
      // What is ignored at the second try may have been taken at the first, whose answer was lost.
      const fate = !ignored.has(index) ? 'taken' : request.tries > 1 ? 'unclear' : 'ignored'
      client.chronicle.fixes.push({ subject, fix, fate, answeredAtMs: request.answeredAtMs })
    }
    left = sent.filter((_, index) => deferred.has(index))
    if (left.length === 0) return answer
  }
  throw new Error('fixes were put off again and again')
}

const MAX_UPLOAD_LATE_MS = 120_000
/** A phone keeps no fix back for longer: it may take the network minutes, too, and the window is 15 min. */
const MAX_KEPT_MS = 240_000

/** Sends each fix when it likes: some alone, some together, out of order, twice. */
const walkSloppily = async (client: Client, subject: string, path: readonly Point[]): Promise<void> => {
  const { host, step } = client
  const uploads: Promise<unknown>[] = []
  let kept: Fix[] = []
  for (const [index, point] of path.entries()) {
    const fix = toFix(point)
    await host.sleepUntil(point.atMs)
    const mood = host.random(`${step} mood ${index}`)
    kept.push(fix)
    const nextMs = path[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
    if (mood < 0.25 && nextMs - (kept[0]?.atMs ?? 0) < MAX_KEPT_MS) continue
    const batch = mood < 0.5 ? kept.toReversed() : kept
    const again = mood > 0.9 ? [...batch, fix] : batch
    const sending = async (): Promise<void> => {
      if (mood > 0.8) await host.sleepUntil(host.nowMs() + mood * MAX_UPLOAD_LATE_MS)
      await upload(client, subject, again)
      if (mood > 0.7 && mood < 0.75) await upload(client, subject, again)
    }
    uploads.push(sending())
    kept = []
  }
  await Promise.all(uploads)
}

const STEP_MS = 20_000

/** The way between the points of a path, a position every 20 s. */
const wayAlong = (path: readonly Point[]): Fix[] =>
  path.flatMap((point, index) => {
    const next = path[index + 1]
    if (next === undefined) return [toFix(point)]
    const steps = Math.max(1, Math.min(60, Math.floor((next.atMs - point.atMs) / STEP_MS)))
    return Array.from({ length: steps }, (_, step) => {
      const share = step / steps
      return toFix({
        atMs: point.atMs + share * (next.atMs - point.atMs),
        lat: point.lat + share * (next.lat - point.lat),
        lon: point.lon + share * (next.lon - point.lon),
        accuracyM: point.accuracyM,
      })
    })
  })

/** Speaks when the phone contract says so, and only then. */
const walkObediently = async (client: Client, subject: string, path: readonly Point[]): Promise<void> => {
  let phone: ObedientPhone = NEW_PHONE
  for (const fix of wayAlong(path)) {
    await client.host.sleepUntil(fix.atMs)
    if (occasionFor(phone, fix) === undefined) {
      phone = keepSilent(phone, fix)
      continue
    }
    const answer = await upload(client, subject, fixesToSend(phone, fix))
    if (answer === undefined) return
    phone = hear(phone, fix, answer)
  }
}

/** A customer walks, and the phone tells of it. */
export const walk = (client: Client, { customer, phone, path }: StepOf<'walk'>): Promise<void> =>
  (phone === 'obedient' ? walkObediently : walkSloppily)(client, customerName(customer), path)
