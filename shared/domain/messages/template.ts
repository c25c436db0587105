import { Liquid, type Template } from 'liquidjs'
import { pickByLocale } from '#shared/domain/messages/locale-chain.ts'
import {
  cleanValue,
  type MessageVariables,
  type TemplateVariable,
} from '#shared/domain/messages/template-variables.ts'
import type { PushTemplate, SmsTemplate, Templates } from '#shared/domain/scenes/scene.ts'

export const MAX_TEMPLATE_CHARS = 1_000
export const MAX_RENDERED_CHARS = 1_600
const RENDER_LIMIT_MS = 200
const MEMORY_LIMIT = 20_000

/** No loops, no files, no variables of its own: what a template writes grows with its length alone. */
export const ALLOWED_TAGS = ['if', 'unless', 'case', 'comment', '#'] as const
export const ALLOWED_FILTERS = [
  'default',
  'capitalize',
  'downcase',
  'strip',
  'truncate',
  'append',
  'prepend',
  'plus',
  'minus',
  'times',
  'divided_by',
  'round',
] as const

const makeEngine = (): Liquid => {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    // An `if` or a `default` may ask for what is missing; to print it is an error.
    lenientIf: true,
    ownPropertyOnly: true,
    parseLimit: MAX_TEMPLATE_CHARS,
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
    // In place of the file system.
    templates: {},
  })
  const isAllowed = (names: readonly string[]) => (name: string) => names.includes(name)
  const keep = (registry: Record<string, unknown>, names: readonly string[]) => {
    for (const name of Object.keys(registry)) if (!isAllowed(names)(name)) delete registry[name]
  }
  keep(engine.tags, ALLOWED_TAGS)
  keep(engine.filters, ALLOWED_FILTERS)
  return engine
}

const engine = makeEngine()

/** A template that has been parsed. It can be rendered again and again. */
export type CompiledTemplate = {
  readonly source: string
  /** The variables that it names, for example 'offer.name'. */
  readonly variables: readonly string[]
  readonly nodes: Template[]
}

/** Why a template cannot be used, in a sentence for the merchant. */
export type TemplateFault = { readonly fault: string }

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'not a template')

const nameOf = (segments: readonly unknown[]): string =>
  segments.map((segment) => (Array.isArray(segment) ? '[…]' : String(segment))).join('.')

// `(1..1000000)` would be a million numbers before any limit is asked.
const RANGE = /\(\s*[^()]{1,40}\.\.[^()]{1,40}\)/

/**
 * Parses a Liquid template: strict variables and filters, at most `MAX_TEMPLATE_CHARS`, no loops and no files.
 *
 * @see https://liquidjs.com
 * @example compileTemplate('{{ merchant.name }}: {{ offer.name }}')
 */
export const compileTemplate = (source: string): CompiledTemplate | TemplateFault => {
  if (source.length > MAX_TEMPLATE_CHARS) return { fault: `longer than ${MAX_TEMPLATE_CHARS} characters` }
  if (RANGE.test(source)) return { fault: 'ranges are not allowed' }
  try {
    const nodes = engine.parse(source)
    const variables = new Set(engine.globalVariableSegmentsSync(nodes).map(nameOf))
    return { source, variables: [...variables], nodes }
  } catch (error) {
    return { fault: messageOf(error) }
  }
}

export const isCompiled = (outcome: CompiledTemplate | TemplateFault): outcome is CompiledTemplate =>
  'nodes' in outcome

/** What rendering gave: a text, or the reason why there is none. */
export type Rendered =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: RenderFailure; readonly variable?: string }

/** A variable that is missing, nothing to say, too much to say, or a limit of time and memory. */
export type RenderFailure = 'missingVariable' | 'empty' | 'tooLong' | 'limit'

const tidy = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/[\p{Zs}\t\r]+/gu, ' ').trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()

const cleanValues = (variables: object): object =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      if (typeof value === 'string') return [name, cleanValue(value)]
      return [name, typeof value === 'object' && value !== null ? cleanValues(value) : value]
    }),
  )

/**
 * Writes a message's text. Names are cleaned first; lines lose spaces at both ends.
 *
 * @example renderTemplate(compiled, { customer: {}, merchant: { name: 'Café' } }) // { kind: 'text', text: '…' }
 */
export const renderTemplate = ({ nodes }: CompiledTemplate, variables: MessageVariables): Rendered => {
  try {
    const written: unknown = engine.renderSync(nodes, cleanValues(variables))
    const text = tidy(String(written))
    if (text === '') return { kind: 'failed', reason: 'empty' }
    return text.length > MAX_RENDERED_CHARS ? { kind: 'failed', reason: 'tooLong' } : { kind: 'text', text }
  } catch (error) {
    const missing = /^undefined variable: ([\w.]+)/.exec(messageOf(error))?.[1]
    if (missing === undefined) return { kind: 'failed', reason: 'limit' }
    return { kind: 'failed', reason: 'missingVariable', variable: missing }
  }
}

type CompiledTexts<T> = Omit<T, 'title' | 'body'> & {
  readonly [K in keyof T & ('title' | 'body')]: CompiledTemplate
}
export type CompiledPush = CompiledTexts<PushTemplate>
export type CompiledSms = CompiledTexts<SmsTemplate>
export type CompiledTemplates = { readonly push?: CompiledPush; readonly sms?: CompiledSms }

/** A scene's templates, parsed: compile them once for each revision of the scene. */
export type CompiledMessage = CompiledTemplates & {
  readonly locales?: Readonly<Record<string, CompiledTemplates>>
}

/** Templates for customers whose language has none, and for languages. */
export type LocalizedTemplates = Templates & { readonly locales?: Readonly<Record<string, Templates>> }

const compiled = (source: string): CompiledTemplate => {
  const outcome = compileTemplate(source)
  if (isCompiled(outcome)) return outcome
  throw new SyntaxError(outcome.fault)
}

const compileTemplates = ({ push, sms }: Templates): CompiledTemplates => ({
  ...(push && { push: { ...push, title: compiled(push.title), body: compiled(push.body) } }),
  ...(sms && { sms: { ...sms, body: compiled(sms.body) } }),
})

/**
 * Parses all templates of a scene.
 *
 * @throws {SyntaxError} for one that cannot be used; `lintMessage` finds these before a scene is saved
 */
export const compileMessage = ({ push, sms, locales }: LocalizedTemplates): CompiledMessage => ({
  ...compileTemplates({ ...(push && { push }), ...(sms && { sms }) }),
  ...(locales && {
    locales: Object.fromEntries(
      Object.entries(locales).map(([locale, templates]) => [locale, compileTemplates(templates)]),
    ),
  }),
})

/** The templates for a customer's language: no template, no channel. */
export const templatesFor = (
  { locales, ...standard }: CompiledMessage,
  locale: string | undefined,
): { readonly locale?: string; readonly picked: CompiledTemplates } => pickByLocale(locales, locale, standard)

export type PushText = Omit<PushTemplate, 'title' | 'body'> & {
  readonly title: string
  readonly body: string
}
export type SmsText = { readonly body: string }

/** A message as it is sent on one channel, with the locale of its templates (absent: the scene's standard ones). */
export type RenderedMessage =
  | { readonly kind: 'push'; readonly push: PushText; readonly locale?: string }
  | { readonly kind: 'sms'; readonly sms: SmsText; readonly locale?: string }
  | {
      readonly kind: 'failed'
      readonly reason: RenderFailure | 'noTemplate'
      readonly variable?: string
    }

/**
 * Writes a message in the customer's language for one channel.
 *
 * @param locale the customer's, undefined where it is not known
 * @example renderMessage(compileMessage(scene.message), 'sms', 'zh-Hant-TW', variables)
 */
export const renderMessage = (
  message: CompiledMessage,
  channel: 'push' | 'sms',
  locale: string | undefined,
  variables: MessageVariables,
): RenderedMessage => {
  const { picked, locale: found } = templatesFor(message, locale)
  const at = found === undefined ? {} : { locale: found }
  const template = picked[channel]
  if (template === undefined) return { kind: 'failed', reason: 'noTemplate' }
  const body = renderTemplate(template.body, variables)
  if (body.kind === 'failed') return body
  if (!('title' in template)) return { kind: 'sms', sms: { body: body.text }, ...at }
  const title = renderTemplate(template.title, variables)
  if (title.kind === 'failed') return title
  const text = { ...template, title: title.text.replaceAll('\n', ' '), body: body.text }
  return { kind: 'push', push: text, ...at }
}

const textsOf = ({ push, sms }: Templates, pointer: string): (readonly [string, string])[] => [
  ...(push
    ? ([
        [`${pointer}/push/title`, push.title],
        [`${pointer}/push/body`, push.body],
      ] as const)
    : []),
  ...(sms ? ([[`${pointer}/sms/body`, sms.body]] as const) : []),
]

/**
 * Where the texts of a message stand that name a variable; one that cannot be read names none.
 *
 * @example pointersNaming({ sms: { body: '{{ offer.code }}' } }, 'offer.code') // ['/message/sms/body']
 */
export const pointersNaming = (message: LocalizedTemplates, variable: TemplateVariable): string[] =>
  [
    ...textsOf(message, '/message'),
    ...Object.entries(message.locales ?? {}).flatMap(([locale, templates]) =>
      textsOf(templates, `/message/locales/${locale}`),
    ),
  ].flatMap(([pointer, source]) => {
    const template = compileTemplate(source)
    return isCompiled(template) && template.variables.includes(variable) ? [pointer] : []
  })
