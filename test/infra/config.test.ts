import { describe, expect, it } from 'vitest'
import { configOf, stageNames } from '#infra/config.ts'
import { stageConfig } from '#infra/stage-config.ts'

const dev = configOf('dev')
const refuses = (change: Record<string, unknown>) =>
  expect(stageConfig.safeParse({ ...dev, ...change }).success).toBe(false)

describe('the configuration', () => {
  it('has the stages dev, prod and local, all well-formed', () => {
    expect(stageNames).toEqual(['dev', 'prod', 'local'])
    for (const name of stageNames) expect(() => configOf(name)).not.toThrow()
  })

  it('runs in the local cloud what dev would deploy, but for the push applications and the limit of a caller', () => {
    const { pushApplications, api, ...local } = configOf('local')
    const { requestsPerMinuteOfACaller } = dev.api
    expect({ ...local, api: { ...api, requestsPerMinuteOfACaller }, pushApplications: {} }).toEqual(dev)
    expect(api.requestsPerMinuteOfACaller).toBe(60_000)
    expect(Object.keys(pushApplications)).toEqual(['apns', 'fcm'])
  })

  it('names the stages that there are when asked for another', () => {
    expect(() => configOf('staging')).toThrow(
      "no stage 'staging' in infra/config.ts; there is dev, prod, local",
    )
  })

  it('refuses what it does not know', () => {
    refuses({ pushApplication: {} })
  })

  it('refuses what AWS would refuse later', () => {
    refuses({ concurrency: { ...dev.concurrency, sms: 1 } })
    refuses({ pushApplications: { apns: 'arn:aws:sns:us-east-1:111122223333:app/GCM/shop' } })
    refuses({ sms: { maxPriceUsd: '0.10', senderId: '12345' } })
    refuses({ scopePrefix: 'beckon' })
    refuses({ scopePrefix: '' })
    refuses({ tokens: { kind: 'oidc', issuer: 'http://login.example.com', audience: ['beckon'] } })
  })
})
