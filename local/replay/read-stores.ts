import {
  column,
  numberColumn,
  optionalColumn,
  ReadError,
  readNumberedRows,
  readText,
} from '#local/replay/read-table.ts'

/** One shop to draw a geofence around. */
export type TraceStore = {
  readonly id: string
  readonly brand: string
  readonly lat: number
  readonly lon: number
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

const parseJson = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ReadError(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

const storeOfFeature = (feature: unknown, where: string): TraceStore => {
  const geometry = field(feature, 'geometry')
  const position = field(geometry, 'coordinates')
  if (field(geometry, 'type') !== 'Point' || !Array.isArray(position))
    throw new ReadError(`${where}: not a Point`)
  const properties = field(feature, 'properties')
  const id = field(feature, 'id') ?? field(properties, 'id')
  const row = {
    id: String(id ?? ''),
    brand: String(field(properties, 'brand') ?? field(properties, 'name') ?? ''),
    lat: String(position[1]),
    lon: String(position[0]),
  }
  return storeOfRow(row, where)
}

const storeOfRow = (row: Readonly<Record<string, string>>, where: string): TraceStore => ({
  id: column(row, ['id', 'store_number', 'location_id'], where),
  brand: optionalColumn(row, ['brand', 'brand_name', 'applicant', 'name']) ?? 'unnamed',
  lat: numberColumn(row, ['lat', 'latitude'], 90, where),
  lon: numberColumn(row, ['lon', 'lng', 'longitude'], 180, where),
})

/**
 * The shops of a file: CSV or CSV.gz with the columns `id` (or `store_number`, `location_id`), `brand` (or
 * `brand_name`, `applicant`, `name`), `lat`, `lon`; or a GeoJSON FeatureCollection of Points with `id` and
 * `properties.brand`.
 *
 * @throws {ReadError} naming file, line and column of the first fault
 */
export const readStores = async (file: string): Promise<TraceStore[]> => {
  if (/\.(geo)?json(\.gz)?$/i.test(file)) {
    const features = field(parseJson(file, await readText(file)), 'features')
    if (!Array.isArray(features)) throw new ReadError(`${file}: not a FeatureCollection`)
    return features.map((feature: unknown, index) => storeOfFeature(feature, `${file}: feature ${index + 1}`))
  }
  const stores: TraceStore[] = []
  for await (const { row, line } of readNumberedRows(file)) stores.push(storeOfRow(row, `${file}:${line}`))
  return stores
}
