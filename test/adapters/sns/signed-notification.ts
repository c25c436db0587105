import type { SnsNotification } from '#shared/contracts/sns-notification.ts'

/**
 * A notification that openssl signed with the key of a certificate that openssl made, so that nobody's reading of the
 * rules but openssl's counts:
 * `openssl req -x509 -newkey rsa:2048 …`, `openssl dgst -sha256 -sign …` over the lines of `signedLines`.
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIDGzCCAgOgAwIBAgIUdjtji3f9vo5FnRtxWxY7HaTnApMwDQYJKoZIhvcNAQEL
BQAwHDEaMBgGA1UEAwwRc25zLmFtYXpvbmF3cy5jb20wIBcNMjYxMTIyMDQyNTMy
WhgPMjEyNjEwMjkwNDI1MzJaMBwxGjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29t
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA5zBVS9TOik070gATqKJU
LUnKWHJO7mREQrf1Dnt8QQ0qekksrGZpNK6UZ7g1Jyaosxd4g5ZZqnhNPJyhHEMJ
LSWfQj9G3sgm/O9bboqxIk16XLlSKAokEREWe4tNVIjXkyRl/sJe6Oi2L0C+66Kd
pztFKEtgs2YN4NOKSIPDfF+tre5PshBCfv1dmI7vVRxLLKrZ/uIiY6cbsnB/qO80
Q3pXLA/cJGP+8VFlfgGxFKdzks5w+UaAlmMN/Nj7zal99b5W1VtnJJPXWjlRPOWx
mAuWw11cZdWxAOY85SSpGWSXZ3PSBdBn6NJoPpdCOQL8LmuuyzKs4PdyTuoSorD2
PwIDAQABo1MwUTAdBgNVHQ4EFgQUpVwlFvmH7fZ9ohLWKnBhZU899Q8wHwYDVR0j
BBgwFoAUpVwlFvmH7fZ9ohLWKnBhZU899Q8wDwYDVR0TAQH/BAUwAwEB/zANBgkq
hkiG9w0BAQsFAAOCAQEAoo+hC8Hy27G9kFKip9bVokV7JvFR0H2L7tabfdj1p8p2
A7JVn9s2qJrCy2oX1LbcZy2PEyGnZoFa2PufzsmVJtmWhOkwDoIQwei4iN2KIumB
SgpWMjvfLGP525yM1qmYDcVLsuaJGtLXJTNe/QMbnoXJ0ZNbtfUxYL2fGwiIpeyM
XE0I81p/tZhV+274Sw/Hf33JaQ5oT04h7GzEZalvco0kNWe//qE8z/7VP/ZVCYf3
AOx3erEoFLBBXtu5y5YTc740IHrtn0JXc6VcbVa8Xih9SegW389MM6u0aNJTDe5P
lhd0mWnlekvLUZaqZ+glW7gi9fsSi0jBPT71dC6IcQ==
-----END CERTIFICATE-----
`

export const signedLines = [
  'Message',
  '{"a":"ü \\n"}',
  'MessageId',
  'm-1',
  'Subject',
  'S',
  'Timestamp',
  '2026-11-22T10:00:00.000Z',
  'TopicArn',
  'arn:aws:sns:eu-west-1:111122223333:answers',
  'Type',
  'Notification',
]

export const NOTIFICATION = {
  Type: 'Notification',
  MessageId: 'm-1',
  TopicArn: 'arn:aws:sns:eu-west-1:111122223333:answers',
  Subject: 'S',
  Message: '{"a":"ü \\n"}',
  Timestamp: '2026-11-22T10:00:00.000Z',
  SignatureVersion: '2',
  SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem',
  Signature:
    'f5SW6EIZv4unugNHV3b4XEXP6fE+rupnis+1eLsE6t/pC+NxnWUllUFWwt657aaW6rspJyjwaapJ8hVCiD9XUkUv7N1r9OnOvAERutDeYtxKLg73HIgPtrTlkwPlPQ/M10mL9B+psxOcjV945EqzCI0T031gWMyH7mAA89xaaqj7stSbXfsO40Pih6YYUaJYOpCwcgQN7FjqHDXoLPY+PsV9m7qSmd+KoKJPbqvua8/bQNCGIf0I5DlpSMZ3rymEabBWEkLEl6OzTHLPe5CsbGISTyUA2P8maHnQoYOSkYkqbe0nbIk8ZlcyuK9MVyeqnPheJC4ISwEtO0cvZFnAgg==',
} satisfies SnsNotification

/** The same signed with SHA-1, as topics do that were not told otherwise. */
export const SIGNATURE_1 =
  'PbMH1EccAkv0qu9MIMeGZ99tBo9HEGcX0Z5z23BOQB2GYs9GCspNPGUOnnrCPBEExWTWoQqjkzH79yilTHaDWW6i+wb9uWs4E1cspaO6M/XX1czf405oSg4ysVYczfmp9frRtalKDFxUSXRF9RPz/1qvEpWEUyd3qf2WNa+D8F15PygdevGY8T6KuAdp1l1jYUAi3GobbQaBP5YkzW3WD24TOm/o16jdxydeVqSA1r/pk/wkZuxMbjtVGWU+0otWVbPt2ICk3O1vosQMevd2+uDMgP1SPKoPpOX5s4XVzHDIBLFUx6h8S0MdS+sCEjjRnDR3fqBNki2rGsTTHJY2Dw=='
