import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'

const dwell = z.object({
  kind: z.literal('dwell'),
  user: id('usr'),
  merchantId: id('mer'),
  geofenceId: id('gf'),
  storeId: id('sto').optional(),
  timeZone: z.string().max(64),
  visitId: id('vis'),
  enteredAtMs: z.number(),
  dwellS: z.number(),
  dueAtMs: z.number(),
})

const settle = z.object({
  kind: z.literal('settle'),
  user: id('usr'),
  /** Presence is moved forward to this time, so that what ended before its window is settled. */
  untilMs: z.number(),
  dueAtMs: z.number(),
})

/** No write tells more. */
const MAX_STAYS = 1000

const silence = z.object({
  kind: z.literal('silence'),
  user: id('usr'),
  /** The stays that one write told of, as far as they are open: when they have ended, so has the chain of timers. */
  stays: z
    .array(z.object({ geofenceId: id('gf'), enteredAtMs: z.number() }))
    .min(1)
    .max(MAX_STAYS),
  dueAtMs: z.number(),
})

/** A message on the timers queue; one that is early is put back with the rest of its time. */
export const timer = z.discriminatedUnion('kind', [dwell, settle, silence])
export type Timer = z.output<typeof timer>
export type DwellTimer = z.output<typeof dwell>
export type SettleTimer = z.output<typeof settle>
export type SilenceTimer = z.output<typeof silence>
