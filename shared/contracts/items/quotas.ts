import * as z from 'zod'
import type { Item } from '#shared/contracts/items/ledger.ts'
import { type Quotas, quotasOf } from '#shared/domain/merchants/quotas.ts'

const raised = z.number().exactOptional()
const counted = z.number().default(0)

const version = z.object({
  quotas: z
    .object({
      geofences: raised,
      scenes: raised,
      stores: raised,
      regions: raised,
      qrCodes: raised,
      tileRows: raised,
      radiusM: raised,
    })
    .default({}),
  version: counted,
  geofences: counted,
  scenes: counted,
  stores: counted,
  regions: counted,
  qrCodes: counted,
})

export type Usage = {
  /** Another after every change of the quotas and of the counts. */
  readonly version: number
  readonly quotas: Quotas
  readonly used: Readonly<Record<'geofences' | 'scenes' | 'stores' | 'regions' | 'qrCodes', number>>
}

/** Reads quotas and counts off a merchant's VERSION item; where there is none, it has nothing yet. */
export const parseUsage = (item: Item | undefined): Usage => {
  const { quotas, geofences, scenes, stores, regions, qrCodes, ...read } = version.parse(item ?? {})
  return { ...read, quotas: quotasOf(quotas), used: { geofences, scenes, stores, regions, qrCodes } }
}
