import { audienceOf } from '#scripts/openapi/audience.ts'
import type { JsonSchema } from '#scripts/openapi/json-schema.ts'
import type { DocumentedRoute } from '#scripts/openapi/routes.ts'

/** How the reference groups operations: by whom they are for, and a merchant's by what they are about. */
const GROUPS = {
  Apps: { app: 'What an app does for its customer (scope `customer`).' },
  Merchants: {
    merchants: 'A merchant itself: its settings, its suspension, and who the caller is (scope `merchant`).',
    members: 'Who may do what for a merchant.',
    stores: 'Where a merchant’s stores are, and when they are open.',
    regions: 'The tree in which a merchant orders its stores.',
    geofences: 'Areas that customers enter and leave.',
    imports: 'Many stores from one file.',
    'qr-codes': 'Codes that people scan, and how often they did.',
    offers: 'What scenes give, and how much of it there is.',
    scenes: 'When a merchant speaks to whom, and what it says: drafts, rehearsals, decisions.',
    reports: 'What scenes and stores have brought.',
    customers: 'Customers who have acted with the merchant: what it knows of them, tags, blocks.',
    quotas: 'How much a merchant has, and may have.',
    'audit-log': 'Who has changed what.',
    exports: 'All of a merchant’s data.',
  },
  Tills: { tills: 'Redeeming at a till (scope `till`), and what was redeemed twice.' },
  Platform: {
    operators: 'What runs the platform (scope `operator`).',
    public: 'Without a token.',
  },
} as const

/** The document's tags, each with a sentence. */
export const TAGS = Object.values(GROUPS).flatMap((tags) =>
  Object.entries(tags).map(([name, description]): JsonSchema => ({ name, description })),
)

/** Which tags belong together, for readers that know of it. */
export const TAG_GROUPS = Object.entries(GROUPS).map(
  ([name, tags]): JsonSchema => ({ name, tags: Object.keys(tags) }),
)

/** Members of a merchant that stand in the group of another. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  audience: 'scenes',
  redemptions: 'tills',
  suspension: 'merchants',
}

const OF_MERCHANT = /^\/v1\/merchants\/\{merchantId\}\/([a-z-]+)/

/**
 * The tag of an operation.
 *
 * @example tagOf('/v1/merchants/{merchantId}/geofences:contains', route) // 'geofences'
 */
export const tagOf = (path: string, route: DocumentedRoute): string => {
  const audience = audienceOf(route)
  if (audience === 'customers') return 'app'
  if (audience !== 'merchants') return audience
  const [, resource = 'merchants'] = OF_MERCHANT.exec(path) ?? []
  return ELSEWHERE[resource] ?? resource
}
