import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { readCode, showCode } from '#shared/domain/customers/offer-code.ts'

const code = fc.string({
  unit: fc.constantFrom(...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'),
  minLength: 10,
  maxLength: 10,
})

property.prop([code])('what is shown can be read, in either case', (plain) => {
  expect(readCode(showCode(plain))).toBe(plain)
  expect(readCode(showCode(plain).toLowerCase())).toBe(plain)
  expect(showCode(showCode(plain))).toBe(showCode(plain))
})

test('letters that are misread are put right', () => {
  expect(readCode('7zk3p-q4x1o')).toBe('7ZK3PQ4X10')
  expect(readCode('IL000 00000')).toBe('1100000000')
})

test.each([[''], ['ABCDE'], ['ABCDE-FGHJKM'], ['UUUUU-UUUUU'], ['ABCDE-FGHJ!']])('%j is no code', (text) => {
  expect(readCode(text)).toBeUndefined()
})
