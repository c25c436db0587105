import { parsePhoneNumberFromString } from 'libphonenumber-js/mobile'
import * as z from 'zod'

const MAX_NUMBER = 16

/**
 * A mobile number in E.164 form, valid by the numbering plan of its country.
 *
 * @see https://www.itu.int/rec/T-REC-E.164/
 */
export const phoneNumberSchema = z
  .string()
  .max(MAX_NUMBER, { abort: true })
  .regex(/^\+[1-9]\d{6,14}$/, { error: 'not in E.164 form, e.g. +14155550123', abort: true })
  .refine(
    (text) => parsePhoneNumberFromString(text)?.isValid() === true,
    'not a mobile number that can exist',
  )

/** `PUT /v1/me/phone-number`. */
export const phoneNumberRequestSchema = z.strictObject({
  phoneNumber: phoneNumberSchema.describe('A mobile number in E.164 form, e.g. `+14155550123`.'),
})

/**
 * The country of a number in E.164 form, ISO 3166-1 alpha-2; undefined where its plan tells none.
 *
 * @example countryOfNumber('+14155550123') // 'US'
 */
export const countryOfNumber = (number: string): string | undefined =>
  parsePhoneNumberFromString(number)?.country
