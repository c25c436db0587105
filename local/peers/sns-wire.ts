import { randomUUID } from 'node:crypto'
import type { PeerResponse } from './peer-http.ts'

// https://docs.aws.amazon.com/sns/latest/api/Welcome.html: SNS is an "AWS query" service: a form in, XML out.
const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/'
/** No call of SNS has more parameters than this; a longer form is refused. */
const MAX_PARAMETERS = 1_000

/** What the answer's XML is made of: text, or elements by name; `list` repeats an element. */
export type XmlNode = string | XmlElements
export type XmlElements = { readonly [name: string]: XmlNode | readonly XmlNode[] }

/** An error that SNS answers: the wire code (not the SDK's class name), the status, the text. */
export class SnsError extends Error {
  readonly code: string
  readonly status: number
  readonly fault: 'Sender' | 'Receiver'
  constructor(code: string, status: number, message: string) {
    super(message)
    this.name = 'SnsError'
    this.code = code
    this.status = status
    this.fault = status >= 500 ? 'Receiver' : 'Sender'
  }
}

/** `InvalidParameter` with SNS's prefix, e.g. "Invalid parameter: Token Reason: cannot be empty". */
export const invalidParameter = (text: string): SnsError =>
  new SnsError('InvalidParameter', 400, `Invalid parameter: ${text}`)

/** `NotFound`, e.g. "Endpoint does not exist". */
export const notFound = (what: string): SnsError => new SnsError('NotFound', 404, `${what} does not exist`)

/** The answer to a missing required parameter, as the service's own framework words it. */
export const missingParameter = (name: string): SnsError =>
  new SnsError(
    'ValidationError',
    400,
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  )

/** The parameters of a query call. */
export type QueryForm = {
  readonly action: string
  readonly get: (name: string) => string | undefined
  /** `Attributes.entry.N.key` / `.value` as a map. */
  readonly map: (name: string) => Map<string, string>
  /** `name.member.N` in order. */
  readonly list: (name: string) => string[]
  /** The fields below `name.entry.N.`, by N in order, e.g. `Name`, `Value.DataType`. */
  readonly entries: (name: string) => Map<string, string>[]
}

const groupByIndex = (params: URLSearchParams, prefix: string): Map<string, string>[] => {
  const byIndex = new Map<number, Map<string, string>>()
  for (const [key, value] of params) {
    if (!key.startsWith(prefix)) continue
    const [index = '', ...field] = key.slice(prefix.length).split('.')
    const fields = byIndex.get(Number(index)) ?? new Map<string, string>()
    fields.set(field.join('.'), value)
    byIndex.set(Number(index), fields)
  }
  return [...byIndex].sort(([a], [b]) => a - b).map(([, fields]) => fields)
}

/**
 * Reads the form body of a query call.
 *
 * @throws {SnsError} MissingAction when it names none, MalformedQueryString when it is too long a form
 * @example parseQueryForm('Action=Publish&Message=Hi').get('Message') // 'Hi'
 */
export const parseQueryForm = (body: string): QueryForm => {
  const params = new URLSearchParams(body)
  if (params.size > MAX_PARAMETERS) {
    throw new SnsError('MalformedQueryString', 400, 'The query string contains too many parameters.')
  }
  const action = params.get('Action')
  if (!action) throw new SnsError('MissingAction', 400, 'The request must contain the parameter Action.')
  return {
    action,
    get: (name) => params.get(name) ?? undefined,
    map: (name) =>
      new Map(
        groupByIndex(params, `${name}.entry.`).map((fields) => [
          fields.get('key') ?? '',
          fields.get('value') ?? '',
        ]),
      ),
    list: (name) => groupByIndex(params, `${name}.member.`).map((fields) => fields.get('') ?? ''),
    entries: (name) => groupByIndex(params, `${name}.entry.`),
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
}

/** Escapes text for XML; what XML 1.0 cannot hold at all becomes U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? character)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 section 2.2 forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')

const isRepeated = (node: XmlNode | readonly XmlNode[]): node is readonly XmlNode[] => Array.isArray(node)

const writeNode = (node: XmlNode): string =>
  typeof node === 'string'
    ? escapeXml(node)
    : Object.entries(node)
        .flatMap(([name, child]) =>
          (isRepeated(child) ? child : [child]).map((one) => `<${name}>${writeNode(one)}</${name}>`),
        )
        .join('')

/** A map as SNS writes it: `<entry><key/><value/></entry>…`. */
export const xmlMap = (pairs: Iterable<readonly [string, string]>): XmlElements => ({
  entry: [...pairs].map(([key, value]) => ({ key, value })),
})

const xmlResponse = (status: number, requestId: string, body: string): PeerResponse => ({
  status,
  headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
  body,
})

/**
 * The answer to a call that went well; calls without a result have no `…Result` element.
 *
 * @example answerOf('Publish', { MessageId: 'm' })
 */
export const answerOf = (action: string, result?: XmlElements): PeerResponse => {
  const requestId = randomUUID()
  const inner = result === undefined ? '' : `<${action}Result>${writeNode(result)}</${action}Result>`
  return xmlResponse(
    200,
    requestId,
    `<${action}Response xmlns="${NAMESPACE}">${inner}` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`,
  )
}

/** The answer to a call that failed. */
export const errorAnswerOf = (error: SnsError): PeerResponse => {
  const requestId = randomUUID()
  const fields = { Type: error.fault, Code: error.code, Message: error.message }
  return xmlResponse(
    error.status,
    requestId,
    `<ErrorResponse xmlns="${NAMESPACE}"><Error>${writeNode(fields)}</Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
  )
}
