import { describe, expect, it } from 'vitest'
import { ofType, synthesize, theOne } from './synthesized.ts'

const dev = synthesize('dev').data
const prod = synthesize('prod').data

describe('the tables', () => {
  it('are three, paid by request, with the logical ids that the local cloud looks for', () => {
    const ids = Object.entries(dev).flatMap(([id, r]) => (r.Type === 'AWS::DynamoDB::Table' ? [id] : []))
    expect(ids).toEqual(['CatalogTable', 'PresenceTable', 'LedgerTable'])
    for (const table of ofType(dev, 'AWS::DynamoDB::Table')) {
      expect(table.Properties).toMatchObject({ BillingMode: 'PAY_PER_REQUEST' })
    }
  })

  it('Catalog can be restored to any second, forgets what is gone by TTL and has no stream', () => {
    expect(dev['CatalogTable']?.Properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    })
    expect(dev['CatalogTable']?.Properties).not.toHaveProperty('StreamSpecification')
  })

  it('Presence has one item per customer, forgets by TTL and is never backed up', () => {
    expect(dev['PresenceTable']?.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    })
    expect(dev['PresenceTable']?.Properties).not.toHaveProperty('PointInTimeRecoverySpecification')
  })

  it('Ledger has both indexes, a stream, a TTL and can be restored', () => {
    expect(dev['LedgerTable']?.Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byMerchant',
          KeySchema: [{ AttributeName: 'merchantPk' }, { AttributeName: 'merchantSk' }],
          Projection: { ProjectionType: 'ALL' },
        },
        {
          IndexName: 'due',
          KeySchema: [{ AttributeName: 'duePk' }, { AttributeName: 'dueSk' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    })
  })

  it('go with the stack in dev and stay in prod', () => {
    for (const table of ofType(dev, 'AWS::DynamoDB::Table')) expect(table.DeletionPolicy).toBe('Delete')
    for (const table of ofType(prod, 'AWS::DynamoDB::Table')) {
      expect(table.DeletionPolicy).toBe('Retain')
      expect(table.Properties).toMatchObject({ DeletionProtectionEnabled: true })
    }
  })

  it('are encrypted with a rotated key of our own where the stage says so, else with DynamoDB’s', () => {
    expect(ofType(dev, 'AWS::KMS::Key')).toEqual([])
    const withKey = synthesize('dev', { customerManagedKey: true }).data
    expect(theOne(withKey, 'AWS::KMS::Key').Properties).toMatchObject({ EnableKeyRotation: true })
    for (const table of ofType(withKey, 'AWS::DynamoDB::Table')) {
      expect(table.Properties).toMatchObject({ SSESpecification: { SSEEnabled: true, SSEType: 'KMS' } })
    }
  })
})

describe('the users', () => {
  it('have the four scopes', () => {
    expect(theOne(dev, 'AWS::Cognito::UserPoolResourceServer').Properties).toMatchObject({
      Identifier: 'beckon',
      Scopes: ['customer', 'merchant', 'till', 'operator'].map((ScopeName) => ({ ScopeName })),
    })
  })

  it.each([
    ['CustomerApp', ['/customer'], 'code', false],
    ['MerchantApp', ['/merchant', '/till'], 'code', false],
    ['Operator', ['/operator'], 'client_credentials', true],
  ])('%s may ask for %j by %s', (client, scopes, flow, secret) => {
    const resource = Object.entries(dev).find(([id]) => id.startsWith(`IdentityUserPool${client}`))?.[1]
    expect(resource?.Type).toBe('AWS::Cognito::UserPoolClient')
    expect(resource?.Properties).toMatchObject({ AllowedOAuthFlows: [flow], GenerateSecret: secret })
    const granted = JSON.stringify(resource?.Properties['AllowedOAuthScopes']).match(/\/[a-z]+/g)
    expect(granted).toEqual(scopes)
  })

  it('need no pool of our own with another issuer', () => {
    const { data, pipeline } = synthesize('dev', {
      tokens: { kind: 'oidc', issuer: 'https://login.example.com', audience: ['beckon'] },
      scopePrefix: '',
    })
    expect(Object.values(data).filter((r) => r.Type.startsWith('AWS::Cognito'))).toEqual([])
    expect(theOne(pipeline, 'AWS::ApiGatewayV2::Authorizer').Properties).toMatchObject({
      JwtConfiguration: { Audience: ['beckon'], Issuer: 'https://login.example.com' },
    })
  })
})
