import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { timeZoneOf } from '#shared/domain/merchants/time-zone.ts'

test.each([
  ['America/Los_Angeles', 37.788, -122.4075],
  ['Asia/Shanghai', 31.2304, 121.4737],
  ['Australia/Lord_Howe', -31.55, 159.08],
])('%s', (zone, lat, lon) => {
  expect(timeZoneOf({ lat, lon })).toBe(zone)
})

property.prop([
  fc.double({ noNaN: true, min: -90, max: 90 }),
  fc.double({ noNaN: true, min: -180, max: 180 }),
])('every place has a zone that Node knows', (lat, lon) => {
  const timeZone = timeZoneOf({ lat, lon })
  expect(() => new Intl.DateTimeFormat('en', { timeZone })).not.toThrow()
})
