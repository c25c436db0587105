import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers the caller's own id, by which an owner adds it to a merchant. */
export const getUser: UseCase<unknown> =
  () =>
  async ({ caller }) => ({ status: 200, body: { userId: caller.user } })
