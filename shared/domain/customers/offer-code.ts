const CODE_LENGTH = 10
const GROUP = 5
const CODE = /^[0-9A-HJKMNP-TV-Z]{10}$/

/**
 * The code of an offer as it is compared: upper case, without dashes and spaces, and with the letters that people
 * misread put right (I and L are 1, O is 0), as Crockford's base 32 asks (https://www.crockford.com/base32.html).
 *
 * @returns 10 characters, or undefined when `text` cannot be a code
 * @example readCode('7zk3p-q4x1o') // '7ZK3PQ4X10'
 */
export const readCode = (text: string): string | undefined => {
  const code = text.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replaceAll('O', '0')
  return code.length === CODE_LENGTH && CODE.test(code) ? code : undefined
}

/**
 * The code as it is shown and read aloud.
 *
 * @example showCode('7ZK3PQ4X10') // '7ZK3P-Q4X10'
 */
export const showCode = (code: string): string => {
  const plain = code.replaceAll('-', '')
  return `${plain.slice(0, GROUP)}-${plain.slice(GROUP)}`
}

const LISTED_CODE = /^[0-9A-Z_.]{3,40}$/

/**
 * A merchant's own code as it is compared: upper case, without dashes and spaces.
 *
 * @returns undefined when `text` cannot be a code
 * @example readListedCode('summer-2026 a') // 'SUMMER2026A'
 */
export const readListedCode = (text: string): string | undefined => {
  const code = text.toUpperCase().replace(/[\s-]/g, '')
  return LISTED_CODE.test(code) ? code : undefined
}
