import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { cutText } from '#shared/domain/messages/cut-text.ts'

describe('cutting a text', () => {
  it('leaves alone what fits', () => {
    expect(cutText('A coffee', (text) => text.length <= 8)).toBe('A coffee')
  })

  it('cuts between what people see as characters', () => {
    const family = '👨‍👩‍👧‍👦'
    expect(cutText(`${family}${family}`, (text) => text.length <= family.length + 1)).toBe(`${family}…`)
    expect(cutText('Zu\u0308rich', (text) => text.length <= 3)).toBe('Z…')
  })

  test.prop([fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 40 })])(
    'keeps as much as fits',
    (text, limit) => {
      const fits = (one: string) => one.length <= limit
      const cut = cutText(text, fits)
      const all = Array.from(new Intl.Segmenter('und').segment(text), ({ segment }) => segment)
      const naive = all.map((_, count) => `${all.slice(0, count).join('').trimEnd()}…`).findLast(fits)
      expect(cut).toBe(fits(text) ? text : (naive ?? '…'))
    },
  )
})
