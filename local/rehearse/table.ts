import type { Rehearsed } from '#local/rehearse/rehearse-pings.ts'

const WIDTHS = [16, 24, 11, 12, 24, 24, 32] as const

const row = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join('  ')
    .trimEnd()

const list = (values: readonly unknown[]): string => (values.length === 0 ? '-' : values.join(' '))

/** The first line of a table of what was rehearsed. */
export const TABLE_HEAD: string = row(['user', 'at', 'lat', 'lon', 'inside', 'open', 'transitions', 'marks'])

/**
 * A line of the table. Columns are as wide as most of what stands in them: nothing is cut off, and nothing is known of
 * the lines that follow.
 */
export const tableRow = ({ user, at, lat, lon, inside, open, transitions, marks }: Rehearsed): string =>
  row([
    user,
    at,
    String(lat),
    String(lon),
    list(inside),
    list(open),
    list(
      transitions.map(
        ({ type, geofence, distanceM, confidence }) => `${type}:${geofence}(${distanceM} m, ${confidence})`,
      ),
    ),
    list(marks),
  ])
