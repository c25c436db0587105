import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, test } from 'vitest'
import { createDocument } from '#scripts/openapi/document.ts'
import { statusesOf } from '#scripts/openapi/operation.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'

const document = await createDocument()

describe('the OpenAPI document', () => {
  test('passes every recommended rule of Redocly without a warning', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] })
    const problems = await lintFromString({ source: JSON.stringify(document), config })
    expect(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    ).toEqual([])
  })

  test('has each operation under a name of its own', () => {
    const names = Object.values(ALL_ROUTES).map(({ document: { operationId } }) => operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/)
  })

  test('says of each answer whether it has a body', () => {
    for (const [key, route] of Object.entries(ALL_ROUTES)) {
      const hasBody = route.schemas.response !== undefined || route.answers !== undefined
      expect(`${key} ${!statusesOf(route).includes(204)}`).toBe(`${key} ${hasBody}`)
    }
  })

  test('is the same whenever it is made', async () => {
    expect(JSON.stringify(await createDocument())).toBe(JSON.stringify(document))
  })
})
