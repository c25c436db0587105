import { PAGE_HEADERS } from '#functions/customer-api/page-headers.ts'
import { type OptOutServices, optIn, optOut } from '#functions/customer-api/sms/opt-out.ts'
import { pickByLocale } from '#shared/domain/messages/locale-chain.ts'
import { STOP_CODE } from '#shared/domain/messages/stop-code.ts'
import type { OpenRequest } from '#shared/runtime/http/open-route.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

type Words = {
  readonly ask: string
  readonly button: string
  readonly done: string
  readonly undo: string
  readonly undone: string
}

const ENGLISH: Words = {
  ask: 'Do you want no more text messages from this sender?',
  button: 'Opt out',
  done: 'If this link is yours, you will get no more text messages from this sender. A link that was cut off does nothing: reply STOP or write to the shop.',
  undo: 'Undo',
  undone: 'If this link is yours, you may get text messages from this sender again.',
}
const WORDS: Readonly<Record<string, Words>> = {
  en: ENGLISH,
  de: {
    ask: 'Möchten Sie keine SMS mehr von diesem Absender?',
    button: 'Abmelden',
    done: 'Wenn dieser Link Ihrer ist, bekommen Sie keine SMS mehr von diesem Absender. Ein abgeschnittener Link bewirkt nichts: Antworten Sie STOP oder schreiben Sie dem Geschäft.',
    undo: 'Rückgängig',
    undone: 'Wenn dieser Link Ihrer ist, können Sie wieder SMS von diesem Absender bekommen.',
  },
  es: {
    ask: '¿No quiere recibir más SMS de este remitente?',
    button: 'Darme de baja',
    done: 'Si este enlace es suyo, no recibirá más SMS de este remitente. Un enlace cortado no hace nada: responda STOP o escriba a la tienda.',
    undo: 'Deshacer',
    undone: 'Si este enlace es suyo, puede recibir de nuevo SMS de este remitente.',
  },
  fr: {
    ask: 'Ne plus recevoir de SMS de cet expéditeur ?',
    button: 'Me désinscrire',
    done: 'Si ce lien est le vôtre, vous ne recevrez plus de SMS de cet expéditeur. Un lien coupé ne fait rien : répondez STOP ou écrivez au magasin.',
    undo: 'Annuler',
    undone: 'Si ce lien est le vôtre, vous pouvez à nouveau recevoir des SMS de cet expéditeur.',
  },
  zh: {
    ask: '不再接收该商家的短信？',
    button: '退订',
    done: '如果此链接属于您，您将不会再收到该商家的短信。不完整的链接无效：请回复 STOP 或联系该商家。',
    undo: '撤销',
    undone: '如果此链接属于您，您可以再次收到该商家的短信。',
  },
}

const wordsFor = ({ headers }: OpenRequest): Words => {
  const [first = ''] = (headers['accept-language'] ?? '').split(/[,;]/)
  return pickByLocale(WORDS, first.trim(), ENGLISH).picked
}

const page = (content: string): Reply => ({
  status: 200,
  text: `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>SMS</title><body style="font:1.2em sans-serif;max-width:30em;margin:3em auto;padding:0 1em">${content}`,
  headers: PAGE_HEADERS,
})

/** The page behind the opt-out link of an SMS. It only asks: programs that look at links for people press no button. */
export const showStopPage =
  () =>
  (request: OpenRequest): Promise<Reply> => {
    const { ask, button } = wordsFor(request)
    return Promise.resolve(page(`<p>${ask}<form method="post"><button>${button}</button></form>`))
  }

const act = async (
  services: OptOutServices,
  code: string,
  word: 'start' | 'stop',
  at: string,
  signal: AbortSignal,
): Promise<void> => {
  const { suppressions } = services
  const written = await suppressions.findByStopCode(code, signal)
  if (written === undefined) return
  if (word === 'stop') {
    await optOut(services, { ...written, at }, signal)
    return
  }
  // Who had the number before brings its new owner no text messages.
  const owner = await suppressions.ownerOf(written.phoneHash, signal)
  if (owner === written.user) await optIn(services, { ...written, at }, signal)
}

/**
 * Ends the text messages of the merchant whose SMS had the link, or takes that back: nobody can answer START to a sender
 * that takes no answers. The answer is the same for a code that nobody was sent:
 * it tells not which codes there are, and claims nothing that is then untrue.
 */
export const stopByLink =
  (services: OptOutServices) =>
  async (request: OpenRequest): Promise<Reply> => {
    const { path, body, signal } = request
    const isUndo = new URLSearchParams(body).get('word') === 'start'
    const code = (path['code'] ?? '').toUpperCase()
    const at = new Date(services.nowMs()).toISOString()
    if (STOP_CODE.test(code)) await act(services, code, isUndo ? 'start' : 'stop', at, signal)
    const { done, undo, undone } = wordsFor(request)
    if (isUndo) return page(`<p>${undone}`)
    const again = `<input type="hidden" name="word" value="start"><button>${undo}</button>`
    return page(`<p>${done}<form method="post">${again}</form>`)
  }
