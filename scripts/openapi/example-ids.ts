/** The ids in examples; the example world has these very things, or others under their names. */
export const EXAMPLE_PATH: Readonly<Record<string, string>> = {
  merchantId: 'mer_01JD0000000000000000000001',
  storeId: 'sto_01JD0000000000000000000002',
  regionId: 'reg_01JD0000000000000000000003',
  geofenceId: 'gf_01JD0000000000000000000004',
  sceneId: 'scn_01JD0000000000000000000005',
  offerId: 'off_01JD0000000000000000000006',
  grantId: 'grt_01JD0000000000000000000007',
  userId: 'usr_01JD0000000000000000000008',
  zoneId: 'zon_01JD0000000000000000000009',
  deviceId: 'pixel-9',
  code: 'K7T0QW3XJ5RB',
}
