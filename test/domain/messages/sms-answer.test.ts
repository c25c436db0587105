import { describe, expect, it } from 'vitest'
import { readAnswer } from '#shared/domain/messages/sms-answer.ts'

describe('an answer to an SMS', () => {
  it.each([
    'ARRET',
    'CANCEL',
    'END',
    'OPT-OUT',
    'OPTOUT',
    'QUIT',
    'REMOVE',
    'STOP',
    'TD',
    'UNSUBSCRIBE',
    '退订',
    'stop',
    ' Stop\n',
    'tD',
  ])('%j stops', (text) => {
    expect(readAnswer(text)).toBe('stop')
  })

  it.each(['START', 'start ', 'unstop'])('%j starts again', (text) => {
    expect(readAnswer(text)).toBe('start')
  })

  it.each(['', 'STOP!', 'Please stop', 'STOPP', 'STOP it', 'don’t stop', 'no', 'TDD', '不退订'])(
    '%j is neither',
    (text) => {
      expect(readAnswer(text)).toBe('other')
    },
  )
})
