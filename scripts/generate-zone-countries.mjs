// Writes shared/domain/schedule/zone-countries.ts: the country of every IANA time zone, as the tz database lists it.
// `node scripts/generate-zone-countries.mjs` writes the file, `--print` prints it.
import { writeFileSync } from 'node:fs'
import { getAllTimezones } from 'countries-and-timezones'

const FILE = new URL('../shared/domain/schedule/zone-countries.ts', import.meta.url)

const zones = new Map()
for (const { name, countries } of Object.values(getAllTimezones({ deprecated: true }))) {
  // The first country is the one in which the zone's city lies. Old names such as 'Singapore' are left out.
  const [country] = countries
  if (country === undefined || !name.includes('/')) continue
  zones.set(country, [...(zones.get(country) ?? []), name])
}

const row = ([country, names]) => `  ${country}: '${names.toSorted().join(' ')}',`

const source = `// Written by scripts/generate-zone-countries.mjs. Do not edit: change the generator and run it again.

/** The IANA time zones of each country (ISO 3166-1 alpha-2), with a space between them. */
export const COUNTRY_ZONES: Readonly<Record<string, string>> = {
${[...zones].toSorted().map(row).join('\n')}
}
`

if (process.argv.includes('--print')) process.stdout.write(source)
else writeFileSync(FILE, source)
