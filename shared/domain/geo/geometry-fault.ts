/** What is wrong with a geometry: where (a JSON pointer into it, RFC 6901), and why, in words for who drew it. */
export type GeometryFault = { readonly kind: 'refused'; readonly pointer: string; readonly reason: string }

export const refused = (pointer: string, reason: string): GeometryFault => ({
  kind: 'refused',
  pointer,
  reason,
})
