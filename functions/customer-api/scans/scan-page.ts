import { PAGE_HEADERS } from '#functions/customer-api/page-headers.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { FoundQrCode } from '#shared/adapters/dynamodb/catalog/qr-code-records.ts'
import { scanPathSchema } from '#shared/contracts/http/qr-codes.ts'
import { type QrAction, webLinkOf } from '#shared/domain/merchants/qr-code.ts'
import { pickByLocale } from '#shared/domain/messages/locale-chain.ts'
import type { OpenRequest } from '#shared/runtime/http/open-route.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

type Words = {
  readonly language: string
  readonly buttons: Readonly<Record<QrAction['type'], string>>
  readonly inApp: string
  readonly alsoInApp: string
  readonly unknown: string
}

const ENGLISH: Words = {
  language: 'en',
  buttons: {
    productPage: 'See the product',
    survey: 'Answer the questions',
    coupon: 'Get it',
    signUp: 'Sign up',
    redeem: 'Redeem',
    pay: 'Pay',
  },
  inApp: 'Go on in the app',
  alsoInApp: 'Open in the app, so that it counts for you',
  unknown: 'This code is not in use any more.',
}
const WORDS: Readonly<Record<string, Words>> = {
  en: ENGLISH,
  de: {
    language: 'de',
    buttons: {
      productPage: 'Produkt ansehen',
      survey: 'Fragen beantworten',
      coupon: 'Holen',
      signUp: 'Anmelden',
      redeem: 'Einlösen',
      pay: 'Bezahlen',
    },
    inApp: 'Weiter in der App',
    alsoInApp: 'In der App öffnen, damit es für Sie zählt',
    unknown: 'Dieser Code gilt nicht mehr.',
  },
}

const wordsFor = ({ headers }: OpenRequest): Words => {
  const [first = ''] = (headers['accept-language'] ?? '').split(/[,;]/)
  return pickByLocale(WORDS, first.trim(), ENGLISH).picked
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const STYLE =
  'body{font:1.2em/1.4 sans-serif;max-width:26em;margin:3em auto;padding:0 1em;text-align:center}h1{font-size:1.5em}button,.go{display:block;box-sizing:border-box;width:100%;margin:1.5em 0;padding:.8em;border:0;border-radius:.5em;background:#111;color:#fff;font:inherit;text-decoration:none}p{color:#555}'

const page = ({ language }: Words, status: 200 | 404, title: string, content: string): Reply => ({
  status,
  text: `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${escaped(title)}</title><style>${STYLE}</style><body>${content}`,
  headers: PAGE_HEADERS,
})

const notInUse = (words: Words): Reply => page(words, 404, words.unknown, `<p>${words.unknown}`)

const head = ({ qrCode, merchant }: FoundQrCode): string =>
  `<p>${escaped(merchant.name)}</p><h1>${escaped(qrCode.caption)}</h1>`

const found = async (
  { findQrCode }: Pick<CustomerServices, 'findQrCode'>,
  { path, signal }: OpenRequest,
): Promise<FoundQrCode | undefined> => {
  const { data } = scanPathSchema.safeParse(path)
  return data && (await findQrCode(data.code, signal))
}

/** The page behind a QR code: what it is for, and one button. It counts nothing, because programs look at links for people. */
export const showScanPage =
  (services: Pick<CustomerServices, 'findQrCode'>) =>
  async (request: OpenRequest): Promise<Reply> => {
    const words = wordsFor(request)
    const one = await found(services, request)
    if (one === undefined) return notInUse(words)
    const { code, action, caption } = one.qrCode
    const button = `<form method="post" action="/q/${code}/scans"><button>${words.buttons[action.type]}</button></form>`
    return page(words, 200, caption, `${head(one)}${button}`)
  }

/**
 * Counts a scan and shows how to go on: in the web where the action is a page, and in the app, to which the link hands the
 * scan's id. Whoever signs in there makes the scan its own.
 */
export const scan =
  (services: Pick<CustomerServices, 'findQrCode' | 'scans' | 'newScanId' | 'scanLink' | 'nowMs'>) =>
  async (request: OpenRequest): Promise<Reply> => {
    const words = wordsFor(request)
    const one = await found(services, request)
    if (one === undefined) return notInUse(words)
    const { id: qrCodeId, code, action, caption } = one.qrCode
    const scanId = services.newScanId()
    await services.scans.note({ scanId, code, qrCodeId, atMs: services.nowMs() }, request.signal)
    const web = webLinkOf(action)
    const app = escaped(`${services.scanLink}${scanId}`)
    const links =
      web === undefined
        ? `<a class="go" href="${app}">${words.inApp}</a>`
        : `<a class="go" rel="noopener" href="${escaped(web)}">${words.buttons[action.type]}</a><p><a href="${app}">${words.alsoInApp}</a>`
    return page(words, 200, caption, `${head(one)}${links}`)
  }
