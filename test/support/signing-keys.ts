import { createRotateSigningKeys } from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import { newKeyPair } from '#shared/adapters/tokens/signing-key-pair.ts'
import type { TestTables } from '#test/support/engine.ts'

/** What the minute schedule does for the keys that sign redemption tokens. */
export const rotationOf = ({ client, catalog }: TestTables, rotateDays = 30) =>
  createRotateSigningKeys({ client, catalog }, newKeyPair, rotateDays)
