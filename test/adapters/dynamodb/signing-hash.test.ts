import { createHash, createHmac } from 'node:crypto'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { SigningHash } from '#shared/adapters/dynamodb/signing-hash.ts'

const data = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array())
const secret = fc.oneof(fc.string({ unit: 'binary', minLength: 1 }), fc.uint8Array({ minLength: 1 }))

const hexOf = async (hash: SigningHash): Promise<string> => Buffer.from(await hash.digest()).toString('hex')

describe('the hash that requests are signed with', () => {
  property.prop([fc.array(data, { maxLength: 3 })])('is SHA-256', async (parts) => {
    const [hash, expected] = [new SigningHash(), createHash('sha256')]
    for (const part of parts) {
      hash.update(part)
      expected.update(part)
    }
    expect(await hexOf(hash)).toBe(expected.digest('hex'))
  })

  property.prop([secret, data, data])(
    'is its HMAC under a secret, time after time',
    async (key, ...texts) => {
      for (const text of texts) {
        const hash = new SigningHash(key)
        hash.update(text)
        expect(await hexOf(hash)).toBe(createHmac('sha256', key).update(text).digest('hex'))
      }
    },
  )

  property.prop([fc.option(secret, { nil: undefined }), data])('begins again', async (key, text) => {
    const [hash, expected] = [new SigningHash(key), new SigningHash(key)]
    hash.update('something else')
    hash.reset()
    hash.update(text)
    expected.update(text)
    expect(await hexOf(hash)).toBe(await hexOf(expected))
  })

  // RFC 4231, test case 2.
  test('gives the HMAC of the standard', async () => {
    const hash = new SigningHash(new TextEncoder().encode('Jefe'))
    hash.update('what do ya want for nothing?')
    expect(await hexOf(hash)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  })
})
