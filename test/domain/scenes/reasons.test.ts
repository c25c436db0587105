import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MESSAGE_REASONS } from '#shared/domain/messages/message.ts'
import {
  DECISION_SENTENCES,
  explain,
  MESSAGE_REASON_SENTENCES,
  MESSAGE_SENTENCES,
} from '#shared/domain/scenes/explanations.ts'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'

const page = readFileSync('docs/reasons.md', 'utf8')

it('docs/reasons.md tells of every reason, in the order in which they are checked', () => {
  const rows = page.matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)
  const told = [...rows]
    .map(([, name]) => name)
    .filter((name) => SUPPRESSION_REASONS.some((one) => one === name))
  expect(told.slice(0, SUPPRESSION_REASONS.length)).toEqual(SUPPRESSION_REASONS)
})

describe('what a customer is told', () => {
  const all = [DECISION_SENTENCES, MESSAGE_SENTENCES, MESSAGE_REASON_SENTENCES].flatMap((one) =>
    Object.entries(one),
  )

  it('stands in docs/reasons.md word for word', () => {
    const [, section = ''] = page.split('\n## What the customer reads\n')
    const rows = section.split('\n## ', 1)[0]?.matchAll(/^\| `(\w+)` \| ([^|]+) \|$/gm) ?? []
    expect([...rows].map(([, name, sentence]) => [name, sentence])).toEqual(all)
  })

  it.each(all)('of %s is one short sentence in plain words: %s', (_, sentence) => {
    expect(sentence).toMatch(/^[A-Z][^.!?`_#]{10,110}\.$/)
    expect(sentence).not.toMatch(
      /\b(scenes?|triggers?|grant\w*|cap(s|ped)?|budgets?|holdout|suppress\w*|geofences?|segments?|audience|stock|other customers)\b/i,
    )
  })

  it('says one thing for each code', () => {
    expect(new Set(all.map(([, sentence]) => sentence)).size).toBe(all.length)
  })

  it('tells of a message that was chosen what became of it, as far as is known', () => {
    expect(explain('granted')).toBe(DECISION_SENTENCES.granted)
    expect(explain('granted', { channel: 'push', state: 'sent' })).toBe(MESSAGE_SENTENCES.sent)
    expect(explain('granted', { channel: 'sms', state: 'failed', reason: 'optedOut' })).toBe(
      MESSAGE_REASON_SENTENCES.optedOut,
    )
    expect(explain('muted')).toBe(DECISION_SENTENCES.muted)
  })

  it('never says of a message that may have gone out that it was not sent', () => {
    for (const reason of MESSAGE_REASONS) {
      const told = explain('granted', { channel: 'push', state: 'unknown', reason })
      expect(told, reason).toMatch(/may have been sent|do not know/)
    }
  })
})
