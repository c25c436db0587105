import { mayMove, type SceneState } from '#shared/domain/scenes/scene.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * Lets a scene's state change as it may: draft, active, paused and back, archived from there.
 *
 * @throws {Problem} 422 with the pointer to the state
 */
export const requireMove = (from: SceneState, to: SceneState): void => {
  if (mayMove(from, to)) return
  throw new Problem('unprocessable', {
    errors: [{ pointer: '/state', detail: `a scene that is ${from} cannot become ${to}` }],
  })
}
