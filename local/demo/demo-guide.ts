import type { LocalCloud } from '#local/cloud/start-local-cloud.ts'
import { COFFEE, FLOWERS, NEW_PLACE } from '#local/demo/demo-data.ts'
import { type Demo, geofenceAt } from '#local/demo/load-demo.ts'
import type { ReceivedMessage } from '#local/peers/phone-message.ts'

/** A ready-made request: what it does, and the line to paste into a shell. */
export type DemoStep = { title: string; curl: string }

// In a body `@NOW@` becomes the moment at which the line is run, and `@COUNT@` something that no other run has.
const NOW = '@NOW@'
const COUNT = '@COUNT@'

/**
 * Ready-made requests with tokens. Each is one line for a POSIX shell; on the wall clock it asks `date` for the time, on
 * the virtual clock it holds the virtual time.
 */
export const demoSteps = (cloud: LocalCloud, demo: Demo): DemoStep[] => {
  const isVirtual = cloud.clock.setting().kind === 'virtual'
  const now = isVirtual ? new Date(cloud.clock.nowMs()).toISOString() : `'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'`
  const post = (path: string, token: string, body: object): string =>
    [
      `curl -sS -X POST '${cloud.url}${path}'`,
      `-H 'authorization: Bearer ${token}'`,
      "-H 'content-type: application/json'",
      `-d '${JSON.stringify(body).replaceAll(NOW, now).replaceAll(COUNT, `'"$(date +%s)"'`)}'`,
    ].join(' ')
  const ping = ({ lat, lon }: { lat: number; lon: number }, at = NOW) =>
    post('/v1/pings', demo.customerToken, { pings: [{ at, lat, lon, accuracyM: 10 }] })
  const startMs = cloud.clock.nowMs()
  /** On the virtual clock a step first moves it, on the wall clock it simply comes later. */
  const later = (ms: number, curl: (at: string) => string): string => {
    if (!isVirtual) return curl(NOW)
    const at = new Date(startMs + ms).toISOString()
    return `${advance(cloud, at)} && ${curl(at)}`
  }
  const merchant = `/v1/merchants/${demo.merchantIds.coffee}`
  return [
    { title: 'The customer walks up to Square Coffee: a push with an offer.', curl: ping(COFFEE.store) },
    {
      title: 'The customer scans the code in the window of Maiden Lane Books: an SMS.',
      curl: post('/v1/events', demo.customerToken, {
        events: [{ id: `scan-${COUNT}`, type: 'qr_scan', at: NOW, merchantId: demo.merchantIds.books }],
      }),
    },
    {
      title: 'Square Coffee draws a second geofence, around the monument on the square.',
      curl: post(`${merchant}/geofences`, demo.ownerToken, geofenceAt(NEW_PLACE)),
    },
    {
      title: 'Square Coffee makes a second scene: whoever enters one of its geofences hears of the cake.',
      curl: post(`${merchant}/scenes`, demo.ownerToken, {
        name: 'Cake',
        goal: 'visit',
        triggers: [{ type: 'enter' }],
        message: { push: { title: 'Square Coffee', body: 'Fresh cake until it is gone.' }, ttlS: 600 },
        limits: { coolDownS: 60, maxAgeS: 300 },
      }),
    },
    {
      title:
        'The customer walks to the monument (a minute and a half after the push: for a minute that has the customer’s attention): a push about the cake.',
      curl: later(100_000, (at) => ping(NEW_PLACE, at)),
    },
    {
      title: 'What the customer was offered, with the codes for the till.',
      curl: `curl -sS '${cloud.url}/v1/me/offers' -H 'authorization: Bearer ${demo.customerToken}'`,
    },
    ...(isVirtual
      ? weekLater(cloud, startMs, (pings) => post('/v1/pings', demo.customerToken, { pings }))
      : []),
  ]
}

const WEEK_MS = 7 * 86_400_000
const HOUR_MS = 3_600_000

type DemoPing = { at: string; lat: number; lon: number; accuracyM: number }

const advance = (cloud: LocalCloud, to: string): string =>
  `curl -sS -o /dev/null -X POST '${cloud.url}/_local/advance' -d '{"to":"${to}"}'`

/** Only a virtual clock can show what happens in a week. */
const weekLater = (cloud: LocalCloud, startMs: number, post: (pings: DemoPing[]) => string): DemoStep[] => {
  const at = (ms: number) => new Date(startMs + ms).toISOString()
  const { lat, lon } = FLOWERS.store
  const away = { lat: lat - 0.01, lon, accuracyM: 10 }
  const visit = post([
    { at: at(480_000), lat, lon, accuracyM: 10 },
    { at: at(540_000), ...away },
    { at: at(600_000), ...away },
  ])
  return [
    {
      title: 'Ten minutes later the customer has visited Geary Flowers, and left …',
      curl: `${advance(cloud, at(600_000))} && ${visit}`,
    },
    { title: '… and a week goes by: a push to come back.', curl: advance(cloud, at(WEEK_MS + HOUR_MS)) },
  ]
}

// When both the stores' own state and, for what is of no store, all states of the zone let promotion through.
const DAY_BEGINS = 9
const DAY_ENDS = 20

/**
 * What to tell whoever tries the demo while it is early or late at Union Square: there the law keeps promotion silent,
 * in the demo as anywhere. Undefined by day.
 */
export const nightNote = (nowMs: number): string | undefined => {
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', {
      timeZone: 'America/Los_Angeles',
      hour: '2-digit',
      hourCycle: 'h23',
    }).format(nowMs),
  )
  if (hour >= DAY_BEGINS && hour < DAY_ENDS) return undefined
  return [
    'It is early or late at Union Square. The law lets promotion reach phones from 08:00 to 21:00 in California, and from',
    '09:00 to 20:00 where no store says the state (the reminder of 5): else it stays silent, with the reason lawfulHours.',
    'npm start -- --clock 2026-01-05T20:00:00Z makes it noon.',
  ].join('\n')
}

/** A message as the terminal shows it. */
export const phoneLine = (message: ReceivedMessage): string => {
  const at = new Date(message.atMs).toISOString().slice(0, 19).replace('T', ' ')
  return message.channel === 'push'
    ? `[${at}] push to ${message.platform} ${message.token.slice(0, 12)}…: ${message.title ?? ''} – ${message.text ?? ''}`
    : `[${at}] SMS to ${message.phoneNumber}: ${message.text}`
}
