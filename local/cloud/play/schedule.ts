import type { PeerStore } from '#local/cloud/peer-store.ts'
import type { SchedulePlan } from '#local/cloud/template/cloud-plan.ts'

export type LocalSchedule = {
  plan: SchedulePlan
  nextAtMs(): number
  /** The tick at `nextAtMs` was played. */
  played(): void
  /** The clock was moved by hand: ticks in between are not played. */
  restart(): void
}

/**
 * A schedule's ticks: on whole multiples of its period since the epoch, so that they are the same in every run. The last
 * one is kept: a tick whose function was killed is played again.
 *
 * @param resumes whether to go on after the last tick of an earlier run (virtual time), or with the next one from now
 */
export const createSchedule = (
  plan: SchedulePlan,
  store: PeerStore,
  nowMs: () => number,
  resumes: boolean,
): LocalSchedule => {
  const following = () => (Math.floor(nowMs() / plan.everyMs) + 1) * plan.everyMs
  const last = resumes ? store.get(plan.logicalId) : undefined
  let nextAtMs = last === undefined ? following() : Number(last) + plan.everyMs
  return {
    plan,
    nextAtMs: () => nextAtMs,
    played: () => {
      store.put(plan.logicalId, String(nextAtMs))
      nextAtMs += plan.everyMs
    },
    restart: () => {
      nextAtMs = following()
      store.put(plan.logicalId, String(nextAtMs - plan.everyMs))
    },
  }
}
