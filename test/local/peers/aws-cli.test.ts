import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPhoneGateway, type PhoneGateway } from '#local/peers/phone-gateway.ts'
import { createMemoryStore } from './memory-store.ts'
import { type PeerServer, servePeer } from './peer-server.ts'

const AWS = '/usr/bin/aws'
const hasCli = existsSync(AWS)
if (!hasCli) console.log('skipped: no AWS CLI')

let gateway: PhoneGateway
let server: PeerServer

beforeAll(async () => {
  gateway = createPhoneGateway({ store: createMemoryStore(), nowMs: () => 0 })
  server = await servePeer((request) => gateway.handle(request))
})
afterAll(() => server.close())

const sns = async (...args: string[]): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(
    AWS,
    ['--endpoint-url', `${server.url}/sns`, '--output', 'json', 'sns', ...args],
    {
      timeout: 30_000,
      env: {
        PATH: '/usr/bin:/bin',
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_MAX_ATTEMPTS: '1',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    },
  )
  return stdout === '' ? undefined : JSON.parse(stdout)
}

describe.skipIf(!hasCli)('the AWS CLI', () => {
  it('sends an SMS', async () => {
    const answer = await sns(
      'publish',
      '--phone-number',
      '+14155550100',
      '--message',
      'Coffee on us ☕',
      '--message-attributes',
      '{"AWS.SNS.SMS.SMSType":{"DataType":"String","StringValue":"Transactional"}}',
    )
    expect(answer).toEqual({ MessageId: gateway.received().at(-1)?.messageId })
    expect(gateway.received().at(-1)).toMatchObject({
      phoneNumber: '+14155550100',
      text: 'Coffee on us ☕',
      smsType: 'Transactional',
    })
  })

  it('makes an endpoint, reads it, pushes to it', async () => {
    const application = 'arn:aws:sns:us-east-1:000000000000:app/GCM/beckon'
    const made = await sns(
      'create-platform-endpoint',
      '--platform-application-arn',
      application,
      '--token',
      'pixel',
    )
    expect(made).toEqual({ EndpointArn: expect.stringContaining(':endpoint/GCM/beckon/') })
    const listed = await sns(
      'list-endpoints-by-platform-application',
      '--platform-application-arn',
      application,
    )
    expect(listed).toEqual({
      Endpoints: [{ ...Object(made), Attributes: { Enabled: 'true', Token: 'pixel' } }],
    })
    const arn: string = Object(made).EndpointArn
    expect(await sns('get-endpoint-attributes', '--endpoint-arn', arn)).toEqual({
      Attributes: { Enabled: 'true', Token: 'pixel' },
    })
    await sns('publish', '--target-arn', arn, '--message-structure', 'json', '--message', '{"default":"Hi"}')
    expect(gateway.received().at(-1)).toMatchObject({ token: 'pixel', text: 'Hi' })
  })

  it('shows errors by code and message', async () => {
    await expect(sns('publish', '--phone-number', '4155550100', '--message', 'Hi')).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /An error occurred \(InvalidParameter\) when calling the Publish operation.*: Invalid parameter: PhoneNumber Reason: 4155550100 is not valid to publish to/,
      ),
    })
  })

  it('opts a number in', async () => {
    gateway.optOut('+14155550199')
    expect(await sns('list-phone-numbers-opted-out')).toEqual({ phoneNumbers: ['+14155550199'] })
    await sns('opt-in-phone-number', '--phone-number', '+14155550199')
    expect(await sns('check-if-phone-number-is-opted-out', '--phone-number', '+14155550199')).toEqual({
      isOptedOut: false,
    })
  })
})
