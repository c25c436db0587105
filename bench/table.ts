/** One part of the report: rows that all have the same columns, and what must be said of them. */
export type Table = {
  readonly title: string
  readonly rows: readonly Readonly<Record<string, string | number>>[]
  readonly notes: readonly string[]
}

/** Three figures, thousands grouped: what a benchmark can know. */
export const figure = (value: number): string => {
  if (!Number.isFinite(value)) return '–'
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  const scale = 10 ** (2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  const rounded = scale < 1 ? Math.round(value * scale) / scale : value
  return rounded.toLocaleString('en-US', { maximumFractionDigits: Math.min(digits, 6) })
}

/** Two decimals, for ratios and dollars. */
export const cents = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '–')

/** Prints a table for people. */
export const printTable = ({ title, rows, notes }: Table): void => {
  console.log(`\n${title}`)
  if (rows.length > 0) console.table(rows)
  for (const note of notes) console.log(`  ${note}`)
}
