import { readdirSync } from 'node:fs'
import * as z from 'zod'

const CONTRACTS = new URL('../../shared/contracts/http/', import.meta.url)
const SUFFIX = 'Schema'
/** Other kinds are a line each: they read better where they are used. */
const NAMED_KINDS: ReadonlySet<string> = new Set(['object', 'union', 'array'])

const componentName = (exported: string): string =>
  `${exported.charAt(0).toUpperCase()}${exported.slice(1, -SUFFIX.length)}`

const isNamed = (name: string, value: unknown): value is z.ZodType =>
  name.endsWith(SUFFIX) && value instanceof z.ZodType && NAMED_KINDS.has(value.def.type)

/**
 * The contracts that become components of the document, by name: what `shared/contracts/http` exports as `storeSchema`
 * is `Store`.
 *
 * @throws {Error} when two modules export different schemas by one name
 */
export const nameContracts = async (): Promise<ReadonlyMap<string, z.ZodType>> => {
  const found = new Map<string, z.ZodType>()
  for (const file of readdirSync(CONTRACTS).sort()) {
    const exported: Record<string, unknown> = await import(new URL(file, CONTRACTS).href)
    for (const [name, value] of Object.entries(exported)) {
      if (!isNamed(name, value)) continue
      const component = componentName(name)
      if ((found.get(component) ?? value) !== value) throw new Error(`two contracts are called ${name}`)
      found.set(component, value)
    }
  }
  return found
}
