import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'

const README = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')
const REQUEST = /^\| [^|]+ \| `((?:POST|PUT) [^`]+)` \| `(\{.*\})` \|$/gm

test('the requests that the README shows are such as the API takes', () => {
  const shown = [...README.matchAll(REQUEST)]
  expect(shown.length).toBeGreaterThan(5)
  for (const [, routeKey = '', body = ''] of shown) {
    const taken = ALL_ROUTES[routeKey]?.schemas.body?.safeParse(JSON.parse(body))
    expect([routeKey, taken?.success]).toEqual([routeKey, true])
  }
})
