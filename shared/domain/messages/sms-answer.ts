// https://docs.aws.amazon.com/sns/latest/dg/sms_manage.html: what AWS itself takes for an opt-out. 退订 (unsubscribe) and
// TD, its initials, are what Chinese carriers ask senders to offer.
const STOP = new Set([
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
])
const START = new Set(['START', 'UNSTOP'])

/**
 * What an answer to an SMS wants. Only a message that consists of the word counts, in any case: "please don't stop" does
 * not stop anything.
 *
 * @example readAnswer(' Stop ') // 'stop'
 */
export const readAnswer = (text: string): 'stop' | 'start' | 'other' => {
  const word = text.trim().toUpperCase()
  if (STOP.has(word)) return 'stop'
  return START.has(word) ? 'start' : 'other'
}
