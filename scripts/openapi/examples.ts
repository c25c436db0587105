import type { Examples } from '#scripts/openapi/example.ts'
import { customerExamples } from '#scripts/openapi/examples/customers.ts'
import { merchantExamples } from '#scripts/openapi/examples/merchants.ts'
import { offerExamples } from '#scripts/openapi/examples/offers.ts'
import { operatorExamples } from '#scripts/openapi/examples/operators.ts'
import { placeExamples } from '#scripts/openapi/examples/places.ts'
import { publicExamples } from '#scripts/openapi/examples/public.ts'
import { sceneExamples } from '#scripts/openapi/examples/scenes.ts'

/** The examples of all operations, by operation id. */
export const EXAMPLES: Examples = {
  ...customerExamples,
  ...merchantExamples,
  ...placeExamples,
  ...sceneExamples,
  ...offerExamples,
  ...operatorExamples,
  ...publicExamples,
}
