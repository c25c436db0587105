import { EXAMPLE_PATH, EXAMPLE_TOKEN } from '#scripts/openapi/example-ids.ts'

/** A compact JWS. */
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g
/** What a QR code says: drawn at random. */
const QR = /"code":"[0-9A-HJKMNP-TV-Z]{12}"/g
/** Drawn by lot. */
const SHARE_CODE = /(?<name>"shareCode":")[0-9A-Z]{5}-[0-9A-Z]{5}/g
const ID = /\b[a-z]{2,3}_[0-9A-HJKMNP-TV-Z]{26}\b/g

/** Which ids of examples stand for which real ones. */
export type ExampleIds = {
  readonly pair: (shown: string, real: string) => void
  /** The value with real ids in place of those of examples. */
  readonly real: (value: unknown) => unknown
  /** The value with ids of examples in place of the real ones; an unknown one gets the first that is free. */
  readonly shown: (value: unknown) => unknown
}

/** @param texts what else stands for something else here: as it is shown, and as it is */
export const createExampleIds = (texts: Readonly<Record<string, string>>): ExampleIds => {
  const realOf = new Map<string, string>()
  const shownOf = new Map<string, string>()
  const pair = (shown: string, real: string): void => {
    realOf.set(shown, real)
    shownOf.set(real, shown)
  }
  const show = (real: string): string => {
    const known = shownOf.get(real)
    if (known !== undefined) return known
    const prefix = real.slice(0, real.indexOf('_') + 1)
    const free = Object.values(EXAMPLE_PATH).find((id) => id.startsWith(prefix) && !realOf.has(id))
    const others = [...realOf.keys()].filter((id) => id.startsWith(prefix)).length
    const shown = free ?? `${prefix}01JD00000000000000000001${String(others).padStart(2, '0')}`
    pair(shown, real)
    return shown
  }
  const swap = (text: string, by: Readonly<Record<string, string>>): string =>
    Object.entries(by).reduce((all, [from, to]) => all.replaceAll(from, to), text)
  let token = EXAMPLE_TOKEN
  const hideToken = (real: string): string => {
    token = real
    return EXAMPLE_TOKEN
  }
  const backward = Object.fromEntries(Object.entries(texts).map(([shown, real]) => [real, shown]))
  const change = (value: unknown, by: (text: string) => string): unknown =>
    value === undefined ? undefined : JSON.parse(by(JSON.stringify(value)))
  return {
    pair,
    real: (value) =>
      change(value, (text) =>
        swap(text, { ...texts, [EXAMPLE_TOKEN]: token }).replace(ID, (id) => realOf.get(id) ?? id),
      ),
    shown: (value) =>
      change(value, (text) =>
        swap(text, backward)
          .replace(QR, `"code":"${EXAMPLE_PATH['code']}"`)
          .replace(TOKEN, hideToken)
          .replace(SHARE_CODE, '$<name>5XQ2M-8TJ0C')
          .replace(ID, show),
      ),
  }
}
