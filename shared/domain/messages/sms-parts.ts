// The basic and extension tables of 3GPP TS 23.038 section 6.2.1. A character of the second takes two septets.
const GSM_BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const GSM_EXTENDED = '\f^{}\\[~]|€'
const SEPTETS = new Map([
  ...[...GSM_BASIC].map((character) => [character, 1] as const),
  ...[...GSM_EXTENDED].map((character) => [character, 2] as const),
])

/** How a text travels as SMS. */
export type SmsParts = { readonly encoding: 'GSM-7' | 'UCS-2'; readonly parts: number }

/** How many parts characters of these widths fill; none is split between two. */
const packs = (widths: readonly number[], single: number, joined: number): number => {
  const total = widths.reduce((sum, width) => sum + width, 0)
  if (total <= single) return 1
  let parts = 1
  let filled = 0
  for (const width of widths) {
    if (filled + width > joined) {
      parts += 1
      filled = 0
    }
    filled += width
  }
  return parts
}

/**
 * The encoding of a text and the number of SMS it is billed as: 160 GSM-7 septets or 70 UCS-2 units alone, 153 or 67
 * when joined; neither an escape sequence nor a surrogate pair is split (https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html).
 *
 * @example smsParts('Hi €') // { encoding: 'GSM-7', parts: 1 }
 */
export const smsParts = (text: string): SmsParts => {
  const characters = [...text]
  const septets = characters.flatMap((character) => SEPTETS.get(character) ?? [])
  if (septets.length === characters.length) return { encoding: 'GSM-7', parts: packs(septets, 160, 153) }
  const units = characters.map((character) => character.length)
  return { encoding: 'UCS-2', parts: packs(units, 70, 67) }
}
