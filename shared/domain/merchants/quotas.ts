/** What a merchant may have at most. The operator raises each, up to what the system is built for. */
export type Quotas = {
  readonly geofences: number
  readonly scenes: number
  readonly stores: number
  readonly regions: number
  readonly qrCodes: number
  /** In one tile, with those of all other merchants: whoever comes near loads them all. */
  readonly tileRows: number
  /** How far an area may reach from its centre, in metres. */
  readonly radiusM: number
}
export type QuotaName = keyof Quotas

export const DEFAULT_QUOTAS: Quotas = {
  geofences: 1000,
  scenes: 100,
  stores: 10_000,
  regions: 100,
  qrCodes: 1000,
  tileRows: 200,
  radiusM: 5000,
}

/** Deciding holds a merchant's scenes, stores and regions in memory, and a container the rows of its tiles. */
export const HIGHEST_QUOTAS: Quotas = {
  geofences: 10_000,
  scenes: 500,
  stores: 50_000,
  regions: 100,
  qrCodes: 10_000,
  tileRows: 1000,
  radiusM: 100_000,
}

/** @example quotaWords('qrCodes') // 'QR codes' */
export const quotaWords = (name: QuotaName): string => (name === 'qrCodes' ? 'QR codes' : name)

/**
 * A merchant's quotas: those that the operator has raised, and the usual ones.
 *
 * @example quotasOf({ scenes: 200 }).scenes // 200
 */
export const quotasOf = (raised: Partial<Quotas>): Quotas => ({ ...DEFAULT_QUOTAS, ...raised })
