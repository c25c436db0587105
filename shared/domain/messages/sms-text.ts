import { cutText } from '#shared/domain/messages/cut-text.ts'
import { pickByLocale } from '#shared/domain/messages/locale-chain.ts'
import type { SmsContent } from '#shared/domain/messages/message.ts'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'

/** SNS takes no longer SMS: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html. */
export const MAX_SMS_BYTES = 1600

/** How somebody opts out: by an answer, or by a link where the sender cannot receive answers. */
export type OptOut = { readonly kind: 'reply' } | { readonly kind: 'link'; readonly url: string }

/**
 * How the recipient of a message opts out.
 *
 * @param url the beginning of opt-out links, with the code behind it; undefined where the sender can receive answers
 */
export const optOutOf = (url: string | undefined, stopCode = ''): OptOut =>
  url === undefined ? { kind: 'reply' } : { kind: 'link', url: `${url}${stopCode}` }

/** Promotion says how to end it; the answer to a customer's own act has nothing to end. */
export const tellsOptOut = (kind: MessageKind): boolean => kind !== 'service'

type Words = { readonly code: string; readonly reply: string; readonly link: string }

// Characters of GSM-7 only in languages that are written with it: one other would make every part hold 70 instead of 160.
const WORDS: Readonly<Record<string, Words>> = {
  en: { code: 'Code', reply: 'Reply STOP to opt out.', link: 'Opt out:' },
  de: { code: 'Code', reply: 'Abmelden: mit STOP antworten.', link: 'Abmelden:' },
  es: { code: 'Clave', reply: 'Baja: responda STOP.', link: 'Baja:' },
  fr: { code: 'Code', reply: 'Pour ne plus recevoir, répondez STOP.', link: 'Refuser:' },
  it: { code: 'Codice', reply: 'Rispondi STOP per annullare.', link: 'Annulla:' },
  ja: { code: 'コード', reply: '配信停止はSTOPと返信', link: '配信停止' },
  nl: { code: 'Code', reply: 'Antwoord STOP om af te melden.', link: 'Afmelden:' },
  pt: { code: 'Cupom', reply: 'Responda STOP para cancelar.', link: 'Cancelar:' },
  zh: { code: '优惠码', reply: '回复TD退订', link: '退订' },
}
const ENGLISH: Words = { code: 'Code', reply: 'Reply STOP to opt out.', link: 'Opt out:' }

const optOutText = (words: Words, optOut: OptOut): string =>
  optOut.kind === 'reply' ? words.reply : `${words.link} ${optOut.url}`

const tailOf = (code: string | undefined, optOut: OptOut | undefined, locale: string | undefined): string => {
  const words = pickByLocale(WORDS, locale, ENGLISH).picked
  return [
    ...(code === undefined ? [] : [`${words.code} ${code}`]),
    ...(optOut === undefined ? [] : [optOutText(words, optOut)]),
  ].join(' ')
}

const withTail = (words: string, tail: string): string => (tail === '' ? words : `${words} ${tail}`)

/**
 * The text of an SMS: the merchant's words, the offer's code, and how to opt out, in the recipient's language. Of what is
 * too long the merchant's words are cut, never code or opt-out. A code that the words name is not said twice.
 *
 * @param optOut undefined for what nobody opts out of: the answer to an own act
 * @example smsText({ body: 'Coffee?', code: 'AAAAA-BBBBB' }, { kind: 'reply' }, 'en') // 'Coffee? Code AAAAA-BBBBB Reply STOP to opt out.'
 */
export const smsText = (
  content: SmsContent,
  optOut: OptOut | undefined,
  locale: string | undefined,
): string => {
  const { body, code } = content
  const whole = withTail(body, tailOf(undefined, optOut, locale))
  if (code !== undefined && body.includes(code) && Buffer.byteLength(whole) <= MAX_SMS_BYTES) return whole
  const tail = tailOf(code, optOut, locale)
  const join = (words: string): string => withTail(words, tail)
  // An ellipsis of three dots keeps a text of GSM-7 what it is.
  const ellipsis = smsParts(body).encoding === 'GSM-7' ? '...' : '…'
  return join(cutText(body, (words) => Buffer.byteLength(join(words)) <= MAX_SMS_BYTES, ellipsis))
}
