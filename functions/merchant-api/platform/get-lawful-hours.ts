import { DEFAULT_LAWFUL_HOURS, LAWFUL_HOURS_TABLE } from '#shared/domain/schedule/lawful-hours-table.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers the table of lawful hours, row by row with its source. */
export const getLawfulHours: UseCase<unknown> = () => async () => ({
  status: 200,
  body: {
    otherwise: DEFAULT_LAWFUL_HOURS,
    rows: LAWFUL_HOURS_TABLE.map(({ holidays, ...row }) => ({
      ...row,
      isSilentOnHolidays: holidays !== undefined,
    })),
  },
})
