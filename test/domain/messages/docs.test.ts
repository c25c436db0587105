import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LINT_RULES } from '#shared/domain/messages/lint-template.ts'
import { ALLOWED_FILTERS, ALLOWED_TAGS } from '#shared/domain/messages/template.ts'
import { TEMPLATE_VARIABLES } from '#shared/domain/messages/template-variables.ts'

describe('docs/templates.md', () => {
  const text = readFileSync('docs/templates.md', 'utf8')

  it.each([
    ...TEMPLATE_VARIABLES,
    ...LINT_RULES,
    ...ALLOWED_FILTERS,
    ...ALLOWED_TAGS.filter((tag) => tag !== '#'),
  ])('names %s', (name) => {
    expect(text).toContain(`\`${name}\``)
  })
})
