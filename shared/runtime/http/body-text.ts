import { isUtf8 } from 'node:buffer'
import type { ProblemCode } from '#shared/contracts/http/problem.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

export type HttpBody = {
  readonly body?: string | undefined
  readonly isBase64Encoded: boolean
  readonly headers: Readonly<Record<string, string | undefined>>
}

const REPLACEMENT = '\u{fffd}'

/**
 * What API Gateway hands on as text, it has decoded already: U+FFFD stands for each byte that it could not read, and then
 * the text is longer than what was sent.
 */
const isMended = ({ body = '', headers }: HttpBody): boolean => {
  const sentBytes = headers['content-length']
  if (sentBytes === undefined || !body.includes(REPLACEMENT)) return false
  return Number(sentBytes) !== Buffer.byteLength(body)
}

const notUtf8 = (code: ProblemCode): Problem =>
  new Problem(code, { errors: [{ pointer: '', detail: 'not UTF-8' }] })

/**
 * The text of a request's body. Bytes that are no UTF-8 are not replaced: a name would be kept that nobody wrote.
 *
 * @param code the problem that bytes of another encoding are
 * @throws {Problem} for what is no UTF-8
 * @example bodyText({ body: 'w6k=', isBase64Encoded: true, headers: {} }, 'malformedJson') // 'é'
 */
export const bodyText = (sent: HttpBody, code: ProblemCode): string => {
  const { body = '', isBase64Encoded } = sent
  if (!isBase64Encoded) {
    if (isMended(sent)) throw notUtf8(code)
    return body.toWellFormed()
  }
  const bytes = Buffer.from(body, 'base64')
  if (!isUtf8(bytes)) throw notUtf8(code)
  return bytes.toString('utf8')
}
