import type { CustomerServices } from '#functions/customer-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'devices' | 'queueJob' | 'newId'>

/** Forgets one of the caller's phones, and its push endpoint. */
export const deleteDevice: UseCase<Services, { readonly deviceId: string }> =
  ({ devices, queueJob, newId }) =>
  async ({ caller, path, signal }) => {
    const device = await devices.find(caller.user, path.deviceId, signal)
    if (device === undefined) throw new Problem('notFound')
    // The job first: once the device is gone nobody knows of its endpoint.
    if (device.endpointArn !== undefined) {
      await queueJob({ kind: 'endpoints', jobId: newId('job'), endpointArns: [device.endpointArn] }, signal)
    }
    await devices.remove(caller.user, device, signal)
    return { status: 204 }
  }
