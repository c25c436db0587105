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

const packs = (units: number, single: number, joined: number): number =>
  units <= single ? 1 : Math.ceil(units / joined)

/**
 * The encoding of a text and the number of SMS it is billed as: 160 GSM-7 septets or 70 UCS-2 units alone, 153 or 67
 * when joined (https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html).
 *
 * @example smsParts('Hi €') // { encoding: 'GSM-7', parts: 1 }
 */
export const smsParts = (text: string): SmsParts => {
  let septets = 0
  for (const character of text) {
    const width = SEPTETS.get(character)
    if (width === undefined) return { encoding: 'UCS-2', parts: packs(text.length, 70, 67) }
    septets += width
  }
  return { encoding: 'GSM-7', parts: packs(septets, 160, 153) }
}
