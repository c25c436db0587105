// Writes shared/domain/schedule/festival-table.ts: on which date each festival falls in each year. Lunar festivals are
// computed by two libraries, which must agree; Node's own `chinese` calendar errs for 2027 and 2030.
// `node scripts/generate-festivals.mjs` writes the file, `--print` prints it.
import { writeFileSync } from 'node:fs'
import { Lunar, LunarYear as OtherLunarYear } from 'lunar-typescript'
import { LunarDay, LunarMonth, SolarTerm } from 'tyme4ts'

const FIRST_YEAR = 2024
const LAST_YEAR = 2040
const FILE = new URL('../shared/domain/schedule/festival-table.ts', import.meta.url)

const two = (number) => String(number).padStart(2, '0')
const text = (year, month, day) => `${year}-${two(month)}-${two(day)}`
const utc = (date) => date.toISOString().slice(0, 10)
const shifted = (date, days) => utc(new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000))

const agreed = (what, one, other) => {
  if (one !== other) throw new Error(`${what}: ${one} by lunar-typescript, ${other} by tyme4ts`)
  return one
}

/** A day of a lunar month (never the leap one) of the lunar year that begins in `year`. */
const lunar = (month, day) => (year) => {
  const solar = LunarDay.fromYmd(year, month, day).getSolarDay()
  return agreed(
    `lunar ${month}-${day} of ${year}`,
    Lunar.fromYmd(year, month, day).getSolar().toYmd(),
    text(solar.getYear(), solar.getMonth(), solar.getDay()),
  )
}

/** A solar term by its number in tyme4ts (0 = winter solstice of the year before) and its Chinese name. */
const term = (index, name) => (year) => {
  const solar = SolarTerm.fromIndex(year, index).getJulianDay().getSolarDay()
  const other = Lunar.fromYmd(year, 6, 1).getJieQiTable()[name].toYmd()
  return agreed(`${name} of ${year}`, other, text(solar.getYear(), solar.getMonth(), solar.getDay()))
}

const on = (month, day) => (year) => text(year, month, day)

/** The n-th weekday (0 = Sunday) of a month. */
const nth = (n, weekday, month) => (year) => {
  const first = new Date(Date.UTC(year, month - 1, 1)).getUTCDay()
  return text(year, month, 1 + ((weekday - first + 7) % 7) + (n - 1) * 7)
}

/** Western Easter: the algorithm of Meeus, Jones and Butcher (Meeus, Astronomical Algorithms, chapter 8). */
const easter = (year) => {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = Math.floor(b / 4)
  const e = b % 4
  const f = Math.floor((b + 8) / 25)
  const g = Math.floor((b - f + 1) / 3)
  const h = (19 * a + b - d - g + 15) % 30
  const i = Math.floor(c / 4)
  const k = c % 4
  const l = (32 + 2 * e + 2 * i - h - k) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const sum = h + l - 7 * m + 114
  return text(year, Math.floor(sum / 31), (sum % 31) + 1)
}

const after = (rule, days) => (year) => shifted(rule(year), days)

const RULES = {
  newYear: on(1, 1),
  valentinesDay: on(2, 14),
  womensDay: on(3, 8),
  easter,
  labourDay: on(5, 1),
  mothersDay: nth(2, 0, 5),
  childrensDay: on(6, 1),
  fathersDay: nth(3, 0, 6),
  chinaNationalDay: on(10, 1),
  halloween: on(10, 31),
  singlesDay: on(11, 11),
  thanksgivingUs: nth(4, 4, 11),
  blackFriday: after(nth(4, 4, 11), 1),
  christmas: on(12, 25),
  lunarNewYearsEve: after(lunar(1, 1), -1),
  lunarNewYear: lunar(1, 1),
  lantern: lunar(1, 15),
  qingming: term(7, '清明'),
  dragonBoat: lunar(5, 5),
  qixi: lunar(7, 7),
  midAutumn: lunar(8, 15),
  doubleNinth: lunar(9, 9),
}

const years = Array.from({ length: LAST_YEAR - FIRST_YEAR + 1 }, (_, index) => FIRST_YEAR + index)

// The leap months too, or the two would only agree by luck.
for (const year of years)
  for (let month = 1; month <= 12; month += 1) {
    const leap = Math.abs(LunarMonth.fromYm(year, month).getLunarYear().getLeapMonth())
    agreed(`leap month of ${year}`, OtherLunarYear.fromYear(year).getLeapMonth(), leap)
  }

const row = (name, rule) => {
  const dates = years.map((year) => {
    const date = rule(year)
    if (!date.startsWith(`${year}-`)) throw new Error(`${name} of ${year} falls on ${date}`)
    return date.slice(5).replace('-', '')
  })
  return `  ${name}: '${dates.join(' ')}',`
}

const source = `// Written by scripts/generate-festivals.mjs. Do not edit: change the generator and run it again.

export const FIRST_FESTIVAL_YEAR = ${FIRST_YEAR}
export const LAST_FESTIVAL_YEAR = ${LAST_YEAR}

/** The month and day (MMDD) on which a festival falls, one for each year from the first to the last. */
export const FESTIVAL_TABLE = {
${Object.entries(RULES)
  .map(([name, rule]) => row(name, rule))
  .join('\n')}
} as const
`

if (process.argv.includes('--print')) process.stdout.write(source)
else writeFileSync(FILE, source)
