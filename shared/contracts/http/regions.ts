import * as z from 'zod'
import {
  createdAtSchema,
  idSchema,
  nameSchema,
  revisionSchema,
  updatedAtSchema,
} from '#shared/contracts/http/primitives.ts'

export const regionPathSchema = z.strictObject({ merchantId: idSchema('mer'), regionId: idSchema('reg') })

/** `POST /v1/merchants/{merchantId}/regions` and `PUT …/{regionId}`: a node of the region tree, under its parent. */
export const regionRequestSchema = z.strictObject({
  name: nameSchema,
  parentId: idSchema('reg').exactOptional().describe('The node above it; without it this is a root.'),
})
export type RegionRequest = z.output<typeof regionRequestSchema>

export const regionSchema = z.object({
  id: idSchema('reg'),
  merchantId: idSchema('mer'),
  name: nameSchema,
  parentId: idSchema('reg').exactOptional().describe('The node above it; absent at a root.'),
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})
