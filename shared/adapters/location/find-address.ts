import { LocationClient, SearchPlaceIndexForTextCommand } from '@aws-sdk/client-location'
import * as z from 'zod'
import { toDomainError } from '#shared/adapters/aws-errors.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'

/** The position of an address, or undefined when nothing was found for it. */
export type FindAddress = (address: string, signal?: AbortSignal) => Promise<Position | undefined>

const CONNECTION_TIMEOUT_MS = 1000
const REQUEST_TIMEOUT_MS = 3000
const MAX_ATTEMPTS = 2

const resultSchema = z.object({
  Place: z.object({
    Geometry: z.object({ Point: z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]) }),
  }),
})

/**
 * Looks addresses up in an Amazon Location place index and takes the best result. The index must be made with
 * `IntendedUse: Storage`, because stores keep the position.
 *
 * The find throws a `BusyError` when Amazon Location does not answer in time.
 *
 * @example const position = await createFindAddress('beckon-places')('1 Market St, San Francisco')
 */
export const createFindAddress = (placeIndex: string): FindAddress => {
  const client = new LocationClient({
    maxAttempts: MAX_ATTEMPTS,
    // The SDK puts `places.` before the host; an endpoint that the environment names is a whole address already.
    disableHostPrefix: process.env['AWS_ENDPOINT_URL_LOCATION'] !== undefined,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  })
  return async (address, signal) => {
    const command = new SearchPlaceIndexForTextCommand({
      IndexName: placeIndex,
      Text: address,
      MaxResults: 1,
    })
    const answer = await client
      .send(command, signal ? { abortSignal: signal } : {})
      .catch((error: unknown) => {
        throw toDomainError(error)
      })
    const best = answer.Results?.[0]
    if (best === undefined) return undefined
    // GeoJSON's order: longitude first.
    const [lon, lat] = resultSchema.parse(best).Place.Geometry.Point
    return { lat, lon }
  }
}
