import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import type { PeerStore } from '../cloud/peer-store.ts'
import { invalidParameter, missingParameter, notFound } from './sns-wire.ts'

/** The push services that the gateway stands in for; SNS calls FCM by its old name. */
export type PushPlatform = 'APNS' | 'APNS_SANDBOX' | 'GCM'

const MAX_TOKEN_BYTES = 8_192
const MAX_USER_DATA_BYTES = 2_048
const PAGE = 100
const ATTRIBUTES = ['CustomUserData', 'Enabled', 'Token']

const storedEndpoint = z.object({
  arn: z.string(),
  applicationArn: z.string(),
  token: z.string(),
  enabled: z.boolean(),
  userData: z.string(),
})
/** One phone's app at SNS. */
export type PushEndpoint = z.infer<typeof storedEndpoint>

/** What a platform application's or endpoint's ARN says. */
export type PushArn = { readonly platform: PushPlatform; readonly name: string }

const isPushPlatform = (text: string): text is PushPlatform =>
  text === 'APNS' || text === 'APNS_SANDBOX' || text === 'GCM'

const parsePushArn = (kind: 'app' | 'endpoint', parameter: string, arn: string): PushArn => {
  const parts = arn.split(':')
  if (parts.length < 6) {
    throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${parts.length}`)
  }
  const [actualKind, platform = '', name = ''] = (parts[5] ?? '').split('/')
  if (parts[2] !== 'sns' || actualKind !== kind || name === '') {
    throw invalidParameter(`${parameter} Reason: Wrong ARN: ${arn}`)
  }
  if (!isPushPlatform(platform)) throw invalidParameter(`${parameter} Reason: ${platform} is not supported`)
  return { platform, name }
}

/**
 * Reads `arn:aws:sns:<region>:<account>:endpoint/<platform>/<application>/<id>`.
 *
 * @throws {SnsError} InvalidParameter naming `parameter`
 */
export const parseEndpointArn = (parameter: string, arn: string): PushArn =>
  parsePushArn('endpoint', parameter, arn)

const required = (name: string, value: string | undefined): string => {
  if (value === undefined) throw missingParameter(name)
  return value
}

const checkToken = (platform: PushPlatform, token: string): void => {
  if (token === '') throw invalidParameter('Token Reason: cannot be empty')
  if (platform !== 'GCM' && !/^[0-9a-fA-F]{1,400}$/.test(token)) {
    throw invalidParameter('Token Reason: iOS device tokens must be no more than 400 hexadecimal characters')
  }
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) {
    throw invalidParameter(`Token Reason: must be at most ${MAX_TOKEN_BYTES} bytes long in UTF-8 encoding`)
  }
}

const checkAttributes = (attributes: ReadonlyMap<string, string>): void => {
  for (const [name, value] of attributes) {
    if (!ATTRIBUTES.includes(name)) {
      throw invalidParameter(`Attributes Reason: Invalid attribute name: ${name}`)
    }
    if (name === 'Enabled' && !/^(true|false)$/i.test(value)) {
      throw invalidParameter('Attributes Reason: Invalid value for attribute: Enabled: must be true or false')
    }
    if (name === 'CustomUserData' && Buffer.byteLength(value) > MAX_USER_DATA_BYTES) {
      throw invalidParameter(
        `Attributes Reason: Invalid value for attribute: CustomUserData: must be at most ${MAX_USER_DATA_BYTES} bytes long in UTF-8 encoding`,
      )
    }
  }
}

/** The platform endpoints of the gateway; every change is in the store before the call returns. */
export type PushEndpoints = {
  create(
    applicationArn: string | undefined,
    token: string | undefined,
    userData: string | undefined,
    attributes: ReadonlyMap<string, string>,
  ): string
  /** @throws {SnsError} NotFound */
  read(arn: string | undefined): PushEndpoint
  find(arn: string): PushEndpoint | undefined
  update(arn: string | undefined, attributes: ReadonlyMap<string, string>): void
  delete(arn: string | undefined): void
  page(
    applicationArn: string | undefined,
    after: string | undefined,
  ): { endpoints: PushEndpoint[]; next?: string }
}

/** An endpoint's attributes as SNS lists them. */
export const endpointAttributes = (endpoint: PushEndpoint): [string, string][] => [
  ['Enabled', String(endpoint.enabled)],
  ['Token', endpoint.token],
  ...(endpoint.userData === '' ? [] : [['CustomUserData', endpoint.userData] satisfies [string, string]]),
]

/**
 * @param applications the platform applications that exist; without it every well-formed ARN does
 */
export const createPushEndpoints = (
  store: PeerStore,
  applications: readonly string[] | undefined,
): PushEndpoints => {
  const keyOf = (arn: string) => `endpoint/${arn}`
  const tokenKeyOf = (applicationArn: string, token: string) => `endpointOfToken/${applicationArn}/${token}`

  const find = (arn: string): PushEndpoint | undefined => {
    const text = store.get(keyOf(arn))
    return text === undefined ? undefined : storedEndpoint.parse(JSON.parse(text))
  }
  const write = (endpoint: PushEndpoint): void => {
    store.put(keyOf(endpoint.arn), JSON.stringify(endpoint))
    store.put(tokenKeyOf(endpoint.applicationArn, endpoint.token), endpoint.arn)
  }
  const findByToken = (applicationArn: string, token: string): PushEndpoint | undefined => {
    const arn = store.get(tokenKeyOf(applicationArn, token))
    return arn === undefined ? undefined : find(arn)
  }
  const read = (givenArn: string | undefined): PushEndpoint => {
    const arn = required('endpointArn', givenArn)
    parseEndpointArn('EndpointArn', arn)
    const endpoint = find(arn)
    if (endpoint === undefined) throw notFound('Endpoint')
    return endpoint
  }
  const readApplication = (arn: string): PushArn => {
    const parsed = parsePushArn('app', 'PlatformApplicationArn', arn)
    if (applications !== undefined && !applications.includes(arn)) throw notFound('PlatformApplication')
    return parsed
  }
  const alreadyExists = (arn: string) =>
    invalidParameter(
      `Token Reason: Endpoint ${arn} already exists with the same Token, but different attributes.`,
    )

  return {
    create: (givenApplicationArn, givenToken, givenUserData, attributes) => {
      const applicationArn = required('platformApplicationArn', givenApplicationArn)
      const token = required('token', givenToken)
      const { platform, name } = readApplication(applicationArn)
      checkToken(platform, token)
      checkAttributes(attributes)
      const userData = attributes.get('CustomUserData') ?? givenUserData ?? ''
      const enabled = attributes.get('Enabled')?.toLowerCase()
      const existing = findByToken(applicationArn, token)
      if (existing !== undefined) {
        // A call that says nothing of Enabled succeeds for a disabled endpoint, too: the caller has to look.
        const same =
          existing.userData === userData && (enabled === undefined || String(existing.enabled) === enabled)
        if (!same) throw alreadyExists(existing.arn)
        return existing.arn
      }
      const prefix = applicationArn.split(':').slice(0, 5).join(':')
      const arn = `${prefix}:endpoint/${platform}/${name}/${randomUUID()}`
      write({ arn, applicationArn, token, enabled: enabled !== 'false', userData })
      return arn
    },
    read,
    find,
    update: (arn, attributes) => {
      const endpoint = read(arn)
      if (attributes.size === 0) throw missingParameter('attributes')
      checkAttributes(attributes)
      const token = attributes.get('Token') ?? endpoint.token
      checkToken(parseEndpointArn('EndpointArn', endpoint.arn).platform, token)
      const owner = findByToken(endpoint.applicationArn, token)
      if (owner !== undefined && owner.arn !== endpoint.arn) throw alreadyExists(owner.arn)
      if (token !== endpoint.token) store.delete(tokenKeyOf(endpoint.applicationArn, endpoint.token))
      write({
        ...endpoint,
        token,
        enabled: (attributes.get('Enabled') ?? String(endpoint.enabled)).toLowerCase() === 'true',
        userData: attributes.get('CustomUserData') ?? endpoint.userData,
      })
    },
    delete: (givenArn) => {
      const arn = required('endpointArn', givenArn)
      parseEndpointArn('EndpointArn', arn)
      const endpoint = find(arn)
      if (endpoint === undefined) return
      store.delete(keyOf(arn))
      store.delete(tokenKeyOf(endpoint.applicationArn, endpoint.token))
    },
    page: (givenApplicationArn, after) => {
      const applicationArn = required('platformApplicationArn', givenApplicationArn)
      const { platform, name } = readApplication(applicationArn)
      const prefix = applicationArn.split(':').slice(0, 5).join(':')
      const later = store
        .entries(keyOf(`${prefix}:endpoint/${platform}/${name}/`))
        .map(([, text]) => storedEndpoint.parse(JSON.parse(text)))
        .filter((endpoint) => after === undefined || endpoint.arn > after)
      const endpoints = later.slice(0, PAGE)
      const last = endpoints.at(-1)
      return later.length > PAGE && last !== undefined ? { endpoints, next: last.arn } : { endpoints }
    },
  }
}
