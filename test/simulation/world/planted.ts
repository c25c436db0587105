import type { StoreBugs, Write } from '#test/simulation/store/memory-tables.ts'
import { randomFor } from '#test/simulation/world/random.ts'

/** Bugs that are planted in the doubles, one for each invariant, to see that the simulation finds them. */
export const PLANTED_BUGS = {
  ackBeforeCommit: { invariant: 'I1', what: 'one write of presence in ten is acknowledged and not done' },
  lostRecord: { invariant: 'I2', what: 'one record of a stream in ten never arrives' },
  grantedTwice: { invariant: 'I3', what: 'a write that must be the first is done again over what is there' },
  forgottenSends: { invariant: 'I4', what: 'what a grant notes of the send on the profile is not stored' },
  lostConsent: { invariant: 'I5', what: 'a consent that is taken back is acknowledged and not stored' },
  lostUnit: { invariant: 'I6', what: 'one move of a unit in ten is acknowledged and not done' },
  lostTrace: { invariant: 'I7', what: 'one decision in ten is not explained' },
  forgottenLease: { invariant: 'I8', what: 'one lease of a message in two is acknowledged and not stored' },
  mixedPartitions: {
    invariant: 'I9',
    what: "a query for a merchant's scenes answers those of all merchants",
  },
  ignoredTombstone: { invariant: 'I10', what: 'writes do not look whether the customer was erased' },
  countedTwice: { invariant: 'I11', what: 'one counter in ten is raised twice' },
} as const
export type PlantedBug = keyof typeof PLANTED_BUGS

type Bugs = { readonly store: StoreBugs; readonly losesRecord: (write: Write) => boolean }

const RARE = 0.1

/** What a planted bug does to the doubles. */
export const bugsOf = (bug: PlantedBug | undefined, seed: number): Bugs => {
  const random = randomFor(seed, 'planted')
  const rarely = (): boolean => random.happens(RARE)
  const none: Bugs = { store: {}, losesRecord: () => false }
  switch (bug) {
    case undefined:
      return none
    case 'ackBeforeCommit':
      return { ...none, store: { losesWrite: (table) => table === 'presence' && rarely() } }
    case 'lostRecord':
      return { ...none, losesRecord: rarely }
    case 'grantedTwice':
      return {
        ...none,
        store: {
          ignoresCondition: (table, condition) =>
            table === 'ledger' && condition === 'attribute_not_exists(pk)',
        },
      }
    case 'forgottenSends':
      return { ...none, store: { losesWrite: (_, item) => item['sk'] === 'PROFILE' && hasSends(item) } }
    case 'lostConsent':
      return {
        ...none,
        store: { losesWrite: (_, item) => item['sk'] === 'PROFILE' && isPushRevoked(item['consents']) },
      }
    case 'lostUnit':
      return { ...none, store: { losesWrite: (_, item) => item['kind'] === 'stock' && rarely() } }
    case 'lostTrace':
      return { ...none, store: { losesWrite: (_, item) => item['kind'] === 'trace' && rarely() } }
    case 'forgottenLease':
      return {
        ...none,
        store: {
          losesWrite: (_, item) =>
            item['kind'] === 'message' && item['state'] === 'sending' && random.happens(0.5),
        },
      }
    case 'mixedPartitions':
      return {
        ...none,
        store: { mixesPartitions: (_, values) => values.includes('SCENE#') },
      }
    case 'ignoredTombstone':
      return { ...none, store: { ignoresCondition: (_, condition) => condition.includes('tombstone') } }
    case 'countedTwice':
      return {
        ...none,
        store: { appliesTwice: (_, key) => String(key['sk']).startsWith('COUNT#') && rarely() },
      }
    default:
      return bug satisfies never
  }
}

const isPushRevoked = (consents: unknown): boolean =>
  typeof consents === 'object' &&
  consents !== null &&
  'push' in consents &&
  typeof consents.push === 'object' &&
  consents.push !== null &&
  'granted' in consents.push &&
  consents.push.granted === false

const hasSends = ({ recentSends }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(recentSends) && recentSends.length > 0
