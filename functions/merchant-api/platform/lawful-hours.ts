import type { AuthorUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { LawfulRuleRequest } from '#shared/contracts/http/platform.ts'
import type { StoredLawfulRule } from '#shared/contracts/items/lawful-rules.ts'
import { jurisdictionNamed, lawfulHours, placeCode } from '#shared/domain/schedule/lawful-hours.ts'
import {
  COUNTRY_HOLIDAYS,
  DEFAULT_LAWFUL_HOURS,
  LAWFUL_HOURS_TABLE,
  type LawfulRule,
} from '#shared/domain/schedule/lawful-hours-table.ts'
import { requireMatch, revisionTag } from '#shared/runtime/http/entity-tag.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { HttpRequest, UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'lawfulRules'>
type Path = { readonly place: string }

/** A rule, and what comes of all rules at its place. */
const viewOf = <R extends LawfulRule>(rule: R, added: readonly LawfulRule[]) => {
  const { weekly, closedDates } = lawfulHours([rule], added)
  const { holidays, ...rest } = rule
  return {
    ...rest,
    isSilentOnHolidays: holidays !== undefined,
    inForce: { hours: weekly, isSilentOnHolidays: closedDates !== undefined },
  }
}

const addedView = (rule: StoredLawfulRule, added: readonly StoredLawfulRule[]) => ({
  place: placeCode(rule),
  ...viewOf(rule, added),
})

/** Answers the table of lawful hours, and what the operator has added to it, row by row with its source. */
export const getLawfulHours: UseCase<Services> =
  ({ lawfulRules }) =>
  async ({ signal }) => {
    const added = await lawfulRules.list(signal)
    return {
      status: 200,
      body: {
        otherwise: DEFAULT_LAWFUL_HOURS,
        rows: LAWFUL_HOURS_TABLE.map((row) => viewOf(row, added)),
        added: added.map((rule) => addedView(rule, added)),
      },
    }
  }

const onlyIfMatch =
  ({ ifMatch }: Pick<HttpRequest, 'ifMatch'>) =>
  (before: StoredLawfulRule | undefined): void =>
    requireMatch(ifMatch, before && revisionTag(before.revision))

const holidaysOf = (country: string, { isSilentOnHolidays }: LawfulRuleRequest) => {
  if (!isSilentOnHolidays) return {}
  const holidays = COUNTRY_HOLIDAYS[country]
  if (holidays !== undefined) return { holidays }
  const detail = 'the public holidays of this country are not known'
  throw new Problem('unprocessable', { errors: [{ pointer: '/isSilentOnHolidays', detail }] })
}

/** Narrows the lawful hours of a place, or says anew how; it counts within 10 s. */
export const putLawfulHours: AuthorUseCase<Services, Path, unknown, LawfulRuleRequest> =
  ({ lawfulRules }) =>
  async (request) => {
    const { path, body, author, signal } = request
    const { hours, source } = body
    const place = jurisdictionNamed(path.place)
    const wanted = { ...place, hours, source, ...holidaysOf(place.country, body) }
    const saved = await lawfulRules.put(wanted, author, onlyIfMatch(request), signal)
    if (saved === 'full')
      throw new Problem('limitReached', { detail: 'there are as many rows as there may be' })
    const { rule, rules } = saved
    return { status: 200, body: addedView(rule, rules), headers: { etag: revisionTag(rule.revision) } }
  }

/** Takes a row of the operator's back; one that is gone already is no fault. */
export const deleteLawfulHours: AuthorUseCase<Services, Path> =
  ({ lawfulRules }) =>
  async (request) => {
    const { path, author, signal } = request
    await lawfulRules.remove(jurisdictionNamed(path.place), author, onlyIfMatch(request), signal)
    return { status: 204 }
  }
