import { gunzipSync } from 'node:zlib'

type Item = Readonly<Record<string, unknown>>

const nameOf = ({ pk, sk }: Item): string => `${String(pk)} ${String(sk).replace(/#\d+$/, '')}`

/** What the parts of exports tell, whose lines lie packed and in pieces. */
const unpacked = (pieces: readonly Item[]): Item => {
  const data = pieces.map((piece) => (piece['data'] instanceof Uint8Array ? piece['data'] : new Uint8Array()))
  const [first] = pieces
  return { ...first, data: gunzipSync(Buffer.concat(data)).toString('utf8') }
}

/** Items whose packed lines can be looked through; a scan gives them in the order of their keys. */
export const told = (items: readonly Item[]): Item[] => {
  const parts = Map.groupBy(
    items.filter(({ kind }) => kind === 'exportPart'),
    nameOf,
  )
  return [...items.filter(({ kind }) => kind !== 'exportPart'), ...[...parts.values()].map(unpacked)]
}
