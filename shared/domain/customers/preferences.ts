import {
  MAX_PREFERENCES,
  type PreferenceSource,
  type Relationship,
} from '#shared/domain/customers/relationship.ts'
import type { AppEventType } from '#shared/domain/scenes/scene.ts'

export const PREFERENCE_TYPES = ['text', 'number', 'yesNo'] as const
export type PreferenceType = (typeof PREFERENCE_TYPES)[number]

/** What a merchant wants to keep of its customers' tastes, by the name of the property in which app events tell it. */
export type DeclaredPreferences = Readonly<Record<string, PreferenceType>>
export type PreferenceValues = Readonly<Record<string, string | number | boolean>>

const TYPE_OF: Readonly<Record<PreferenceType, string>> = {
  text: 'string',
  number: 'number',
  yesNo: 'boolean',
}

/** What identity documents, and the numbers in them, are called, in lower case without separators. */
const IDENTITY =
  /^(id|nationalid|citizenid|residentid|govid|governmentid|identity|personalid|tax|taxid|fiscal|passport|visa|drivinglicen[cs]e|driverslicen[cs]e|driverlicen[cs]e|ssn|socialsecurity|nin|nino|aadhaar|pan|cpf|curp|dni|nie|nif|idcard|identitycard|nationalidcard|residencepermit|greencard|personalausweis|ausweis|reisepass|shenfenzheng|hukou)(card|document|doc)?(no|nr|num|number|nummer|code|id)?$/

/**
 * Does a name say that something is the number of an identity document? Nothing by such a name is stored: a merchant
 * needs to know what somebody likes, not who that is by law.
 *
 * @example isIdentityName('id_number') // true
 * @example isIdentityName('shoeSize') // false
 */
export const isIdentityName = (name: string): boolean =>
  IDENTITY.test(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))

/** Of the properties of an app event those that the merchant has declared, if they are of the type that it says. */
export const declaredAmong = (
  declared: DeclaredPreferences,
  properties: PreferenceValues = {},
): PreferenceValues =>
  Object.fromEntries(
    Object.entries(properties).filter(([name, value]) => {
      const type = Object.hasOwn(declared, name) ? declared[name] : undefined
      return type !== undefined && typeof value === TYPE_OF[type]
    }),
  )

/** A purchase shows what somebody likes, a rating asks for it. */
export const sourceOf = (type: AppEventType): PreferenceSource => {
  if (type === 'purchase') return 'purchase'
  return type === 'rating' ? 'survey' : 'event'
}

/**
 * The relationship with some preferences more, each with its source and time. The later one counts; where the customer
 * has as many as may be, no new name is added.
 *
 * @example withPreferences(relationship, { size: 'M' }, 'purchase', atMs)
 */
export const withPreferences = <R extends Relationship>(
  relationship: R,
  values: PreferenceValues,
  source: PreferenceSource,
  atMs: number,
): R => {
  const preferences = { ...relationship.preferences }
  for (const [name, value] of Object.entries(values)) {
    const known = Object.hasOwn(preferences, name) ? preferences[name] : undefined
    const hasRoom = known !== undefined || Object.keys(preferences).length < MAX_PREFERENCES
    if (hasRoom && (known === undefined || known.atMs <= atMs)) preferences[name] = { value, source, atMs }
  }
  return { ...relationship, preferences }
}
