import type { OutgoingHttpHeaders } from 'node:http'
import type { JsonObject } from '../json.ts'
import type { DataOperation, NamedItem } from './call-items.ts'
import type { FaultRules } from './fault-plan.ts'
import { type ItemKey, itemKey } from './item-keys.ts'

/** A call with its items named and its keys found. */
export type PreparedCall = {
  readonly operation: DataOperation
  readonly headers: OutgoingHttpHeaders
  readonly request: JsonObject
  readonly items: readonly NamedItem[]
  readonly keys: readonly (JsonObject | undefined)[]
  readonly rules: FaultRules
}

/** The items' keys, in the order of the call; undefined where the engine will refuse the item. */
export const keysOf = ({ items, keys }: PreparedCall): (ItemKey | undefined)[] =>
  items.map(({ table }, index) => {
    const key = keys[index]
    return key === undefined ? undefined : itemKey(table, key)
  })
