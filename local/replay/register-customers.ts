import { createHash } from 'node:crypto'
import type { ApiClient } from '#local/api-client.ts'

export const CHANNELS = ['push', 'sms', 'mixed'] as const
export type ReplayChannel = (typeof CHANNELS)[number]

/** Numbers for fiction (North American Numbering Plan 555-0100 to 555-0199), under more than enough area codes. */
const fictionalNumber = (index: number): string =>
  `+1${[415, 510, 650, 707, 408, 925][Math.floor(index / 100) % 6]}55501${String(index % 100).padStart(2, '0')}`

const givesPush = (channel: ReplayChannel, index: number): boolean =>
  channel === 'push' || (channel === 'mixed' && index % 2 === 0)

/**
 * Registers each user of a trace as a customer with consent and a phone: a push token, or a number for text messages
 * and consent for each merchant.
 *
 * @returns a token for each user
 */
export const registerCustomers = async (
  api: ApiClient,
  users: readonly string[],
  channel: ReplayChannel,
  merchantIds: readonly string[],
): Promise<Map<string, string>> => {
  const tokens = new Map<string, string>()
  const consent = { granted: true, source: 'app', text: 'Messages from shops near me' }
  for (const [index, user] of users.entries()) {
    const token = await api.token(`customer ${user}`, ['customer'])
    tokens.set(user, token)
    if (givesPush(channel, index)) {
      const pushToken = createHash('sha256').update(`phone of ${user}`).digest('hex')
      await api.put(
        `/v1/me/devices/phone`,
        { platform: index % 4 === 0 ? 'fcm' : 'apns', token: pushToken },
        token,
      )
      await api.put('/v1/me/consents/push', consent, token)
      continue
    }
    await api.put('/v1/me/phone-number', { phoneNumber: fictionalNumber(index) }, token)
    for (const merchantId of merchantIds) await api.put(`/v1/me/consents/sms/${merchantId}`, consent, token)
  }
  return tokens
}
