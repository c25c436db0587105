import { type SweepServices, type Swept, sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import type { RotateSigningKeys } from '#shared/adapters/dynamodb/catalog/signing-keys.ts'

export type MinuteServices = SweepServices & { readonly rotateSigningKeys: RotateSigningKeys }

/**
 * Does what is to be done every minute. Neither part keeps the other one from being done.
 *
 * @returns what was swept, and the name of a new signing key
 * @throws whatever one of them threw, when both have ended
 */
export const runMinute = async (
  services: MinuteServices,
  nowMs: number,
  signal?: AbortSignal,
): Promise<{ readonly swept: Swept; readonly newKey: string | undefined }> => {
  const both = [sweepDue(services, nowMs, signal), services.rotateSigningKeys(nowMs, signal)] as const
  await Promise.allSettled(both)
  const [swept, newKey] = await Promise.all(both)
  return { swept, newKey }
}
