import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  declaredAmong,
  isIdentityName,
  type PreferenceValues,
  withPreferences,
} from '#shared/domain/customers/preferences.ts'
import { MAX_PREFERENCES, NO_RELATIONSHIP } from '#shared/domain/customers/relationship.ts'

describe('the number of an identity document', () => {
  it.each([
    'id_number',
    'idNumber',
    'ID',
    'passportNo',
    'nationalId',
    'SSN',
    'drivers_license',
    'tax_id',
    'idCard',
  ])('is refused as %s', (name) => expect(isIdentityName(name)).toBe(true))

  it.each(['size', 'colour', 'idea', 'panSize', 'visaCardHolder', 'identityShirt', 'taxi', 'table_number'])(
    'is not what %s is',
    (name) => expect(isIdentityName(name)).toBe(false),
  )
})

describe('preferences', () => {
  it('are the declared properties of the declared type', () => {
    const declared = { size: 'text', guests: 'number', vegan: 'yesNo' } as const
    expect(declaredAmong(declared, { size: 'M', guests: '4', vegan: true, amountMinor: 1290 })).toEqual({
      size: 'M',
      vegan: true,
    })
    expect(declaredAmong({}, { constructor: 'x' })).toEqual({})
  })

  it('are each the latest that was told, in whatever order it comes, and at most fifty', () => {
    const told = fc.array(
      fc.record({
        values: fc.dictionary(fc.constantFrom('size', 'colour', 'style'), fc.string({ maxLength: 5 })),
        atMs: fc.nat({ max: 1_000_000 }),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(told, (all) => {
        const distinct = all.filter((one, index) => all.findIndex(({ atMs }) => atMs === one.atMs) === index)
        const after = (some: readonly { values: PreferenceValues; atMs: number }[]) =>
          some.reduce((so, { values, atMs }) => withPreferences(so, values, 'event', atMs), NO_RELATIONSHIP)
        expect(after(distinct.toReversed())).toEqual(after(distinct))
        for (const [name, { value, atMs }] of Object.entries(after(distinct).preferences)) {
          const last = distinct.filter(({ values }) => name in values).toSorted((a, b) => b.atMs - a.atMs)[0]
          expect([value, atMs]).toEqual([last?.values[name], last?.atMs])
        }
      }),
    )
    const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`taste${index}`, index]))
    const { preferences } = withPreferences(NO_RELATIONSHIP, many, 'event', 0)
    expect(Object.keys(preferences)).toHaveLength(MAX_PREFERENCES)
  })
})
