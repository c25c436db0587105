import type { Examples } from '#scripts/openapi/example.ts'

export const publicExamples = {
  getOpenApiDocument: {},
  showReference: {},
  getReferenceFile: {},
  receiveSmsAnswer: {
    body: {
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
    },
  },
  showStopPage: {},
  stopByLink: { body: { word: 'start' } },
} satisfies Examples
