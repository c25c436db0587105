const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' })

/**
 * The longest beginning of a text that fits, with an ellipsis behind it; the whole text when that fits, the ellipsis alone
 * when nothing does. Cuts between what people see as characters, never inside one.
 *
 * @param fits must hold for every shorter beginning when it holds for a longer one
 * @example cutText('A coffee for you', (text) => text.length <= 8) // 'A coffe…'
 */
export const cutText = (text: string, fits: (text: string) => boolean, ellipsis = '…'): string => {
  if (fits(text)) return text
  const characters = Array.from(GRAPHEMES.segment(text), ({ segment }) => segment)
  const beginning = (count: number): string => `${characters.slice(0, count).join('').trimEnd()}${ellipsis}`
  let longest = 0
  let tooLong = characters.length
  while (tooLong - longest > 1) {
    const middle = Math.floor((longest + tooLong) / 2)
    if (fits(beginning(middle))) longest = middle
    else tooLong = middle
  }
  return beginning(longest)
}
