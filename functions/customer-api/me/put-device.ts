import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { DevicePlatform } from '#shared/domain/customers/customer.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'devices' | 'queueJob' | 'newId' | 'nowMs'>
type Path = { readonly deviceId: string }
type Body = { readonly platform: DevicePlatform; readonly token: string; readonly locale?: string }

/** Registers the caller's phone for push. The token follows its phone: another customer who had it loses it. */
export const putDevice: UseCase<Services, Path, unknown, Body> =
  ({ devices, queueJob, newId, nowMs }) =>
  async ({ caller, path, body, signal }) => {
    const now = nowMs()
    const before = await devices.find(caller.user, path.deviceId, signal)
    const hasNewToken = before?.token !== body.token || before.platform !== body.platform
    // The job first: once the token is replaced nobody knows of its endpoint.
    if (before?.endpointArn !== undefined && hasNewToken) {
      await queueJob({ kind: 'endpoints', jobId: newId('job'), endpointArns: [before.endpointArn] }, signal)
    }
    const registered = await devices.register(caller.user, { ...path, ...body }, now, signal)
    if (registered === 'erased') throw new Problem('gone')
    if (registered === 'full') throw new Problem('limitReached', { detail: 'delete another device first' })
    const updatedAt = new Date(now).toISOString()
    const { platform, locale } = body
    return {
      status: 200,
      body: { ...path, platform, enabled: true, updatedAt, ...(locale !== undefined && { locale }) },
    }
  }
