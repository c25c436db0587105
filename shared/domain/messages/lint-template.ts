import { localeChain } from '#shared/domain/messages/locale-chain.ts'
import {
  DEADLINE,
  LAST_CHANCE,
  PERSONAL_SENDER,
  SCARCITY,
  SHORT_LINK_DOMAINS,
} from '#shared/domain/messages/misleading-words.ts'
import {
  type CompiledTemplate,
  compileTemplate,
  isCompiled,
  type LocalizedTemplates,
  type Rendered,
  renderTemplate,
} from '#shared/domain/messages/template.ts'
import {
  cleanValue,
  type MessageVariables,
  TEMPLATE_VARIABLES,
  type TemplateVariable,
  validUntilText,
} from '#shared/domain/messages/template-variables.ts'
import type { Templates } from '#shared/domain/scenes/scene.ts'

/** What a lock screen shows before it cuts. */
export const MAX_PUSH_TITLE_CHARS = 65
export const MAX_PUSH_BODY_CHARS = 240
export const DEFAULT_MAX_SMS_PARTS = 3

export const LINT_RULES = [
  'syntax',
  'unknownVariable',
  'unavailableVariable',
  'missingFallback',
  'empty',
  'senderMissing',
  'disguisedSender',
  'fakeScarcity',
  'fakeDeadline',
  'shouting',
  'shortLink',
  'hiddenCharacters',
  'titleTooLong',
  'bodyTooLong',
  'tooManyParts',
] as const
export type LintRule = (typeof LINT_RULES)[number]

/** What is wrong with one text of a message: where (a JSON pointer), which rule, and a sentence for the merchant. */
export type LintFinding = { readonly rule: LintRule; readonly pointer: string; readonly sentence: string }

/** How an SMS is cut and written; the counter is an argument because it belongs to the sender. */
export type SmsCount = { readonly parts: number; readonly encoding: string }

/** What an SMS would cost at its longest. */
export type SmsCost = SmsCount & {
  readonly pointer: string
  /** In units of the currency. */
  readonly cost?: number
  readonly currency?: string
}

/** What a message is about, as far as the linter must know. */
export type LintContext = {
  readonly merchantName: string
  /** The longest name of a store that may be named; absent where a trigger has no store. */
  readonly storeName?: string
  /** The offer of the scene; has it limited stock, does it end on a day, do its grants have codes? */
  readonly offer?: {
    readonly name: string
    readonly isLimited: boolean
    readonly hasEnd: boolean
    readonly hasCode: boolean
  }
  /** Does the scene itself end on a day? */
  readonly sceneEnds: boolean
  readonly countSms: (text: string) => SmsCount
  /** What the sender makes of the words of an SMS: it adds the code and how to opt out. Absent: nothing. */
  readonly smsTextOf?: (written: string, locale: string | undefined) => string
  readonly maxSmsParts?: number
  readonly smsPrice?: { readonly perPart: number; readonly currency: string }
}

export type LintReport = { readonly findings: readonly LintFinding[]; readonly sms: readonly SmsCost[] }

/** A first name that is longer than most. */
const LONG_FIRST_NAME = 'Maximiliana Josephin'
/** Stands where an offer's code will stand; no till takes it. */
export const SAMPLE_CODE = 'TEST0-TEST0'
// A date and a time with two figures each, so that no other is longer.
const SAMPLE_END_MS = Date.UTC(2026, 10, 28, 22, 45)
const DEFAULT_LOCALE = 'en'

/** Which of the variables that may be missing are there. */
export type Given = { readonly firstName: boolean; readonly withinM: boolean; readonly code: boolean }

const BOTH = [true, false]
/** All ways in which variables can be missing: a text must hold in each. */
const VERSIONS: readonly Given[] = BOTH.flatMap((firstName) =>
  BOTH.flatMap((withinM) => BOTH.map((code) => ({ firstName, withinM, code }))),
)

/** What a template's variables may hold, at their longest. */
export const sampleVariables = (
  { merchantName, storeName, offer }: LintContext,
  locale: string | undefined,
  given: Given,
): MessageVariables => {
  const [tag = DEFAULT_LOCALE] = locale === undefined ? [] : localeChain(locale)
  const validUntil = validUntilText(SAMPLE_END_MS, tag, 'UTC')
  return {
    customer: given.firstName ? { firstName: LONG_FIRST_NAME } : {},
    merchant: { name: merchantName },
    ...(storeName === undefined
      ? {}
      : { store: { name: storeName, ...(given.withinM && { withinM: 1000 }) } }),
    ...(offer && {
      offer: { name: offer.name, validUntil, ...(given.code && offer.hasCode && { code: SAMPLE_CODE }) },
    }),
  }
}

/** A text of a message with its place, and what it says in each of the `VERSIONS`. */
type Text = {
  readonly pointer: string
  readonly template: CompiledTemplate
  readonly written: readonly string[]
}

const isOneOf = (list: readonly string[], text: string): boolean => list.includes(text)

const CODE = 'offer.code' satisfies TemplateVariable
// A group may be asked for in an `if`.
const KNOWN_NAMES = [...TEMPLATE_VARIABLES, 'customer', 'merchant', 'store', 'offer']

/** Why nobody will ever know what a variable holds; undefined where somebody may. */
const whyUnavailable = (name: string, { storeName, offer }: LintContext): string | undefined => {
  if (name.startsWith('offer.') && offer === undefined) return 'The scene has no offer'
  if (name.startsWith('store.') && storeName === undefined) return 'The scene has triggers without a store'
  return name === CODE && offer?.hasCode === false
    ? 'The offer is redeemed at the store, by a token and without a code'
    : undefined
}

const variableFindings = (
  { variables }: CompiledTemplate,
  pointer: string,
  context: LintContext,
): LintFinding[] =>
  variables.flatMap((name): LintFinding[] => {
    if (!isOneOf(KNOWN_NAMES, name)) {
      const known = TEMPLATE_VARIABLES.join(', ')
      return [{ rule: 'unknownVariable', pointer, sentence: `There is no ${name}. There are ${known}.` }]
    }
    const why = whyUnavailable(name, context)
    if (why === undefined) return []
    return [{ rule: 'unavailableVariable', pointer, sentence: `${why}: ${name} would be missing.` }]
  })

type Values = Readonly<Record<string, unknown>>

const isValues = (value: unknown): value is Values => typeof value === 'object' && value !== null

/** Stands for a variable that is missing, so that the rest of the text can be read. */
const STAND_IN = 'x'

const withValue = (values: Values, [name = '', ...rest]: readonly string[], value: unknown): Values => {
  const inner = values[name]
  return {
    ...values,
    [name]: rest.length === 0 ? value : withValue(isValues(inner) ? inner : {}, rest, value),
  }
}

type Written = { readonly result: Rendered; readonly missing: readonly string[] }

/** Renders with a stand-in for each variable that is missing. */
const writeThrough = (template: CompiledTemplate, variables: MessageVariables): Written => {
  const missing: string[] = []
  let values: Values = variables
  // A group that is missing is found before its member.
  for (let round = 0; round <= 2 * template.variables.length; round++) {
    const result = renderTemplate(template, { ...variables, ...values })
    if (result.kind === 'text' || result.variable === undefined) return { result, missing }
    missing.push(result.variable)
    values = withValue(values, result.variable.split('.'), STAND_IN)
  }
  return { result: { kind: 'failed', reason: 'limit' }, missing }
}

const renderFindings = (
  written: readonly Written[],
  pointer: string,
  toExplain: readonly string[],
): LintFinding[] => {
  const missing = new Set(written.flatMap((one) => one.missing))
  const reasons = new Set(written.flatMap(({ result }) => (result.kind === 'failed' ? result.reason : [])))
  const isTooMuch = reasons.has('limit') || reasons.has('tooLong')
  return [
    ...toExplain
      .filter((name) => missing.has(name))
      .map((name): LintFinding => {
        const sentence = `${name} is not always known: write {{ ${name} | default: '…' }} or put it into an if.`
        return { rule: 'missingFallback', pointer, sentence }
      }),
    ...(reasons.has('empty')
      ? [{ rule: 'empty', pointer, sentence: 'This text may come out empty.' } as const]
      : []),
    ...(isTooMuch
      ? [{ rule: 'syntax', pointer, sentence: 'This template asks for too much to be rendered.' } as const]
      : []),
  ]
}

/** A text with its faults; with stand-ins for what is missing, so that all of them are found at once. */
const compileText = (
  source: string,
  pointer: string,
  context: LintContext,
  locale: string | undefined,
): { readonly text?: Text; readonly findings: readonly LintFinding[] } => {
  const template = compileTemplate(source)
  if (!isCompiled(template))
    return {
      findings: [{ rule: 'syntax', pointer, sentence: `This template cannot be used: ${template.fault}.` }],
    }
  const ofVariables = variableFindings(template, pointer, context)
  const all = VERSIONS.map((given) => writeThrough(template, sampleVariables(context, locale, given)))
  // A variable that is unknown or unavailable has its finding.
  const usable = template.variables.filter(
    (name) => isOneOf(TEMPLATE_VARIABLES, name) && whyUnavailable(name, context) === undefined,
  )
  const findings = [...ofVariables, ...renderFindings(all, pointer, usable)]
  const written = all.map(({ result }) => (result.kind === 'text' ? result.text : ''))
  return written.every((text) => text === '')
    ? { findings }
    : { text: { pointer, template, written }, findings }
}

const matchIn = ({ written }: Text, patterns: readonly RegExp[]): string | undefined => {
  for (const text of written)
    for (const pattern of patterns) {
      const found = pattern.exec(text)?.[0]
      if (found !== undefined) return found.trim()
    }
  return undefined
}

const urgencyFindings = (text: Text, { offer, sceneEnds }: LintContext): LintFinding[] => {
  const isLimited = offer?.isLimited ?? false
  const ends = sceneEnds || (offer?.hasEnd ?? false)
  const findings: LintFinding[] = []
  const add = (rule: LintRule, words: string | undefined, sentence: string) => {
    if (words !== undefined)
      findings.push({ rule, pointer: text.pointer, sentence: `“${words}”: ${sentence}` })
  }
  if (!isLimited) add('fakeScarcity', matchIn(text, SCARCITY), 'the offer has no limited stock.')
  if (!ends) add('fakeDeadline', matchIn(text, DEADLINE), 'neither the offer nor the scene ends on a day.')
  if (!isLimited && !ends)
    add('fakeDeadline', matchIn(text, LAST_CHANCE), 'there is neither limited stock nor an end.')
  return findings
}

const MIN_SHOUTED_WORDS = 2

const isShouting = ({ template }: Text, { merchantName }: LintContext): boolean => {
  // The names that are filled in are not the template's words, nor is the merchant's where it is written out.
  const words = template.source
    .replace(/\{\{.*?\}\}|\{%.*?%\}/gsu, ' ')
    .replaceAll(merchantName, ' ')
    .match(/\p{L}{4,}/gu)
  if (words === null) return false
  const shouted = words.filter((word) => word === word.toUpperCase() && word !== word.toLowerCase())
  return shouted.length >= MIN_SHOUTED_WORDS && shouted.length > words.length / 2
}

const MANY_MARKS = /[!！?？]{3,}/u

const shortLinkIn = ({ written }: Text): string | undefined => {
  for (const text of written)
    for (const [, host = ''] of text.matchAll(/(?:^|[^\w.@-])((?:[a-z0-9-]+\.)+[a-z]{2,})(?=[/\s?#]|$)/giu)) {
      const domain = host.toLowerCase().replace(/^www\./, '')
      if (isOneOf(SHORT_LINK_DOMAINS, domain)) return domain
    }
  return undefined
}

// Zero width space, and marks that turn the direction of text.
const HIDDEN = /[\u200b\u202a-\u202e\u2066-\u2069]/u

const wordFindings = (text: Text, context: LintContext): LintFinding[] => {
  const { pointer } = text
  const findings: LintFinding[] = []
  const personal = matchIn(text, PERSONAL_SENDER)
  if (personal !== undefined) {
    const sentence = `“${personal}” poses as a person whom the customer knows. The merchant is the sender.`
    findings.push({ rule: 'disguisedSender', pointer, sentence })
  }
  if (isShouting(text, context) || MANY_MARKS.test(text.template.source))
    findings.push({
      rule: 'shouting',
      pointer,
      sentence: 'Capitals and marks in rows shout at the customer.',
    })
  const domain = shortLinkIn(text)
  if (domain !== undefined) {
    const sentence = `${domain} hides where the link leads, and carriers block it. Use your own domain.`
    findings.push({ rule: 'shortLink', pointer, sentence })
  }
  if (HIDDEN.test(text.template.source))
    findings.push({ rule: 'hiddenCharacters', pointer, sentence: 'There are characters that nobody sees.' })
  return [...findings, ...urgencyFindings(text, context)]
}

const longest = ({ written }: Text): number => Math.max(...written.map((text) => [...text].length))

const lengthFinding = (text: Text, rule: LintRule, most: number): LintFinding[] => {
  const length = longest(text)
  if (length <= most) return []
  const sentence = `With long names this has ${length} characters; phones show ${most}.`
  return [{ rule, pointer: text.pointer, sentence }]
}

/** Does each version name the merchant? One that is empty has its finding. */
const senderFindings = (
  texts: readonly Text[],
  pointer: string,
  { merchantName }: LintContext,
): LintFinding[] => {
  const name = cleanValue(merchantName).toLowerCase()
  const isNamed = VERSIONS.every((_, version) =>
    texts.some(({ written }) => {
      const text = written[version] ?? ''
      return text === '' || text.toLowerCase().includes(name)
    }),
  )
  if (isNamed) return []
  const sentence = 'The customer must see who writes: put {{ merchant.name }} into the text.'
  return [{ rule: 'senderMissing', pointer, sentence }]
}

const costOf = (
  text: Text,
  { countSms, smsTextOf = (written) => written, smsPrice }: LintContext,
  locale: string | undefined,
): SmsCost => {
  const counts = text.written.map((written) => countSms(smsTextOf(written, locale)))
  const most = counts.reduce((a, b) => (b.parts > a.parts ? b : a))
  if (smsPrice === undefined) return { ...most, pointer: text.pointer }
  // Prices have fractions of cents; sums must not show more digits than they have.
  const cost = Math.round(most.parts * smsPrice.perPart * 1e6) / 1e6
  return { ...most, pointer: text.pointer, cost, currency: smsPrice.currency }
}

const lintSms = (text: Text, context: LintContext, locale: string | undefined): LintReport => {
  const cost = costOf(text, context, locale)
  const { maxSmsParts = DEFAULT_MAX_SMS_PARTS } = context
  const sentence = `With long names this takes ${cost.parts} parts (${cost.encoding}); at most ${maxSmsParts} are sent.`
  const tooMany: LintFinding[] =
    cost.parts > maxSmsParts ? [{ rule: 'tooManyParts', pointer: text.pointer, sentence }] : []
  return { findings: [...wordFindings(text, context), ...tooMany], sms: [cost] }
}

const merged = (reports: readonly LintReport[]): LintReport => ({
  findings: reports.flatMap(({ findings }) => findings),
  sms: reports.flatMap(({ sms }) => sms),
})

const lintPush = (
  push: NonNullable<Templates['push']>,
  context: LintContext,
  pointer: string,
  locale: string | undefined,
): LintReport => {
  const title = compileText(push.title, `${pointer}/title`, context, locale)
  const body = compileText(push.body, `${pointer}/body`, context, locale)
  const findings = [...title.findings, ...body.findings]
  const texts = [title.text, body.text].filter((text) => text !== undefined)
  return {
    findings: [
      ...findings,
      // What one of them says is not known: it may be the name.
      ...(texts.length === 2 ? senderFindings(texts, pointer, context) : []),
      ...texts.flatMap((text) => wordFindings(text, context)),
      ...(title.text ? lengthFinding(title.text, 'titleTooLong', MAX_PUSH_TITLE_CHARS) : []),
      ...(body.text ? lengthFinding(body.text, 'bodyTooLong', MAX_PUSH_BODY_CHARS) : []),
    ],
    sms: [],
  }
}

/**
 * Reads the templates of one language as a critical customer would: refuses what misleads (a sender in disguise,
 * urgency without a reason, links that hide), what shouts and what is too long.
 *
 * @param pointer where the templates stand in the request, for example '/message'
 * @param locale undefined for the standard templates
 */
export const lintTemplate = (
  { push, sms }: Templates,
  context: LintContext,
  pointer: string,
  locale?: string,
): LintReport => {
  const reports: LintReport[] = []
  if (push !== undefined) reports.push(lintPush(push, context, `${pointer}/push`, locale))
  if (sms !== undefined) {
    const { text, findings } = compileText(sms.body, `${pointer}/sms/body`, context, locale)
    if (text === undefined) reports.push({ findings, sms: [] })
    else {
      const sender = senderFindings([text], text.pointer, context)
      reports.push({ findings: [...findings, ...sender], sms: [] }, lintSms(text, context, locale))
    }
  }
  return merged(reports)
}

/**
 * Lints all templates of a scene. No findings: the message may be used.
 *
 * @example lintMessage({ sms: { body: '{{ merchant.name }}: soup today' } }, context).findings // []
 */
export const lintMessage = (
  message: LocalizedTemplates,
  context: LintContext,
  pointer = '/message',
): LintReport =>
  merged([
    lintTemplate(message, context, pointer),
    ...Object.entries(message.locales ?? {}).map(([locale, templates]) =>
      lintTemplate(templates, context, `${pointer}/locales/${locale}`, locale),
    ),
  ])
