import type { CustomerServices } from '#functions/customer-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers what is kept of the caller: profile, phones and choices. Push tokens are not given back. */
export const getMe: UseCase<Pick<CustomerServices, 'profiles'>> =
  ({ profiles }) =>
  async ({ caller, signal }) => {
    const profile = await profiles.find(caller.user, signal)
    if (profile === 'erased') throw new Problem('gone')
    const devices = await profiles.listDevices(caller.user, signal)
    return {
      status: 200,
      body: {
        user: caller.user,
        ...(profile && { createdAt: profile.createdAt }),
        ...(profile?.phoneNumber !== undefined && { phoneNumber: profile.phoneNumber }),
        devices: devices.map(({ deviceId, platform, enabled, updatedAt, locale }) => ({
          deviceId,
          platform,
          enabled,
          updatedAt,
          ...(locale !== undefined && { locale }),
        })),
        consents: profile?.consents ?? {},
        preferences: profile?.preferences ?? {},
      },
    }
  }
