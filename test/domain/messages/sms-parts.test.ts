import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'

describe('the parts of an SMS', () => {
  it.each([
    ['160 letters', 'a'.repeat(160), 'GSM-7', 1],
    ['161 letters', 'a'.repeat(161), 'GSM-7', 2],
    ['306 letters', 'a'.repeat(306), 'GSM-7', 2],
    ['307 letters', 'a'.repeat(307), 'GSM-7', 3],
    ['80 euros, two septets each', '€'.repeat(80), 'GSM-7', 1],
    ['81 euros', '€'.repeat(81), 'GSM-7', 2],
    ['an escape that does not fit behind 152 letters', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 'GSM-7', 3],
    ['an escape that just fits', `${'a'.repeat(151)}€${'a'.repeat(153)}`, 'GSM-7', 2],
    ['70 ideographs', '咖'.repeat(70), 'UCS-2', 1],
    ['67 emoji, of which 33 fit into a part', '😀'.repeat(67), 'UCS-2', 3],
    ['71 ideographs', '咖'.repeat(71), 'UCS-2', 2],
    ['134 ideographs', '咖'.repeat(134), 'UCS-2', 2],
    ['135 ideographs', '咖'.repeat(135), 'UCS-2', 3],
    ['35 emoji of two units', '☕️'.repeat(35), 'UCS-2', 1],
    ['one letter outside the alphabet', `${'a'.repeat(70)}ê`, 'UCS-2', 2],
    ['nothing', '', 'GSM-7', 1],
  ])('%s', (_, text, encoding, parts) => {
    expect(smsParts(text)).toEqual({ encoding, parts })
  })

  const anyText = fc.string({ unit: 'binary', maxLength: 400 })

  test.prop([anyText, anyText])('never get fewer when the text grows', (text, more) => {
    expect(smsParts(text + more).parts).toBeGreaterThanOrEqual(smsParts(text).parts)
  })

  test.prop([anyText])('hold what a part can hold', (text) => {
    const { encoding, parts } = smsParts(text)
    const most = encoding === 'GSM-7' ? 160 : 70
    if (parts === 1) expect(text.length).toBeLessThanOrEqual(most)
    expect(parts).toBeLessThanOrEqual(
      Math.max(1, Math.ceil((text.length * 2) / (encoding === 'GSM-7' ? 152 : 132))),
    )
  })
})
