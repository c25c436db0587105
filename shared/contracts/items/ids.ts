import * as z from 'zod'
import { type IdByPrefix, type IdPrefix, isId } from '#shared/domain/ids.ts'

/** An id of the kind `prefix`, e.g. `id('scn')`. */
export const id = <P extends IdPrefix>(prefix: P) =>
  z.custom<IdByPrefix[P]>((value) => typeof value === 'string' && isId(prefix, value), `not a ${prefix}_ id`)
