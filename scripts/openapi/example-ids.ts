/** The ids of things in examples, by the path parameter that names them. */
export const EXAMPLE_IDS = {
  merchantId: 'mer_01JD0000000000000000000001',
  storeId: 'sto_01JD0000000000000000000002',
  regionId: 'reg_01JD0000000000000000000003',
  geofenceId: 'gf_01JD0000000000000000000004',
  sceneId: 'scn_01JD0000000000000000000005',
  offerId: 'off_01JD0000000000000000000006',
  grantId: 'grt_01JD0000000000000000000007',
  userId: 'usr_01JD0000000000000000000008',
  jobId: 'job_01JD000000000000000000000C',
  exportId: 'job_01JD000000000000000000000C',
  part: '1',
  zoneId: 'zon_01JD0000000000000000000009',
  qrCodeId: 'qrc_01JD000000000000000000000C',
  deviceId: 'pixel-9',
  place: 'US-TX',
  code: 'K7T0QW3XJ5RB',
  file: 'start.js',
} as const

/** The same by any name: a parameter that is not among them has no example. */
export const EXAMPLE_PATH: Readonly<Record<string, string>> = EXAMPLE_IDS

/** What stands for a redemption token in examples: real ones are signed anew for each request. */
export const EXAMPLE_TOKEN =
  'eyJhbGciOiJFZERTQSIsImtpZCI6IjJmX2NVQTEzIn0.eyJtZXJjaGFudElkIjoibWVyXzAxSkQwMDAwMDAwMDAwMDAwMDAwMDAwMDAxIiwiZ3JhbnRJZCI6ImdydF8wMUpEMDAwMDAwMDAwMDAwMDAwMDAwMDAwNyIsIm9mZmVySWQiOiJvZmZfMDFKRDAwMDAwMDAwMDAwMDAwMDAwMDAwMDYiLCJpYXQiOjE3OTUzNDE2MDAsImV4cCI6MTc5NTM0MjIwMH0.c2lnbmVkLWJ5LXRoZS1rZXktMmZfY1VBMTMtb2YtdGhlLWNhdGFsb2ctc2lnbmVkLWJ5LXRoZS1rZXktMmZfY1VBMTM'
