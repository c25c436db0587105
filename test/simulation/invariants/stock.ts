import { type Check, type Evidence, everOf, numberIn } from '#test/simulation/invariants/evidence.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'
import type { Write } from '#test/simulation/store/memory-tables.ts'

const offerOf = ({ pk }: Item): string => String(pk).split('#')[1] ?? ''

const units = (item: Item): number =>
  numberIn(item, 'free') + numberIn(item, 'reserved') + numberIn(item, 'confirmed')

const negativeIn = (item: Item): string[] =>
  ['free', 'reserved', 'confirmed']
    .filter((name) => numberIn(item, name) < 0)
    .map((name) => `${String(item['pk'])} has ${numberIn(item, name)} ${name}`)

/** From which states a grant, or a gift that is put aside, may come into a state: a gift is put aside again, too. */
const MAY_FOLLOW: Readonly<Record<string, readonly string[]>> = {
  'grant confirmed': ['reserved'],
  'grant redeemed': ['reserved', 'confirmed'],
  'grant released': ['reserved'],
  'gift taken': ['reserved'],
  'gift released': ['reserved'],
  'gift reserved': ['released'],
}

const wrongMoves = (writes: readonly Write[]): string[] =>
  writes.flatMap(({ before, after }) => {
    const isHolder = after?.['kind'] === 'grant' || after?.['kind'] === 'gift'
    if (!isHolder || before === undefined || before['state'] === after['state']) return []
    const from = String(before['state'])
    const to = String(after['state'])
    return MAY_FOLLOW[`${String(after['kind'])} ${to}`]?.includes(from)
      ? []
      : [`${String(after['pk'])} ${String(after['sk'])} went from ${from} to ${to}`]
  })

/** How many units of a shard were ever used, by the grants that used them. */
const usedBy = (writes: readonly Write[], offer: string, shard: number): number =>
  writes.filter(({ before, after }) => {
    if (after?.['kind'] !== 'grant' || after['offerId'] !== offer || after['stockShard'] !== shard)
      return false
    return (
      before?.['state'] === 'reserved' && (after['state'] === 'confirmed' || after['state'] === 'redeemed')
    )
  }).length

const shardFaults = (evidence: Evidence, stock: Item): string[] => {
  const offer = offerOf(stock)
  const shard = Number(String(stock['pk']).split('#')[2])
  const held = evidence.items.ledger.filter(
    ({ kind, offerId, stockShard, state }) =>
      (kind === 'gift' || kind === 'grant') &&
      state === 'reserved' &&
      offerId === offer &&
      stockShard === shard,
  ).length
  const reserved = numberIn(stock, 'reserved')
  const used = evidence.writes && usedBy(evidence.writes, offer, shard)
  const confirmed = numberIn(stock, 'confirmed')
  return [
    ...(held === reserved
      ? []
      : [`${offer}#${shard} has ${reserved} reserved, and ${held} grants and gifts hold one`]),
    ...(used === undefined || used === confirmed
      ? []
      : [`${offer}#${shard} has ${confirmed} confirmed, and ${used} were used`]),
  ]
}

/** I6: reserved + confirmed + free is the stock at all times; nothing is oversold; each reservation ends once. */
export const checkStock: Check = (evidence) => {
  const { items, writes = [] } = evidence
  const stocks = items.ledger.filter(({ kind }) => kind === 'stock')
  const offers = new Map(everOf(evidence, 'catalog', 'offer').map((offer) => [String(offer['id']), offer]))
  const sums = [...Map.groupBy(stocks, offerOf)].flatMap(([id, shards]) => {
    const stock = offers.get(id)?.['stock']
    const sum = shards.reduce((total, shard) => total + units(shard), 0)
    return stock === undefined || sum === stock
      ? []
      : [`${id} has ${sum} units, its stock is ${String(stock)}`]
  })
  const ever = writes.flatMap(({ after }) => (after?.['kind'] === 'stock' ? negativeIn(after) : []))
  return [
    ...sums,
    ...new Set([...stocks.flatMap(negativeIn), ...ever]),
    ...wrongMoves(writes),
    ...stocks.flatMap((stock) => shardFaults(evidence, stock)),
  ]
}
