import type { Examples } from '#scripts/openapi/example.ts'

export const merchantExamples = {
  createMerchant: {
    body: {
      name: 'Square Coffee',
      budget: { sendsPerDay: 2000, spendCentsPerDay: 10_000 },
      caps: [{ windowS: 604_800, max: 3 }],
    },
  },
  listMerchants: { given: ['createMerchant'], query: { limit: '20' } },
  getMerchant: {},
  replaceMerchant: { body: { name: 'Square Coffee Roasters', budget: { sendsPerDay: 5000 } } },
  deleteMerchant: {},
  listMembers: { given: ['putMember'] },
  putMember: { body: { role: 'agency', until: '2027-03-31T22:00:00Z' } },
  deleteMember: { given: ['putMember'] },
  getUser: {},
  getSuspension: { given: ['createMerchant', 'putSuspension'] },
  appealSuspension: {
    given: ['createMerchant', 'putSuspension'],
    body: { text: 'The complaints were about another shop of the same name.' },
  },
  exportMerchant: {},
  getExport: { given: ['an export that is done'] },
  readExportPart: { given: ['an export that is done'] },
  getQuotas: { given: ['createStore'] },
  listAuditLog: { given: ['createRegion'], query: { limit: '20' } },
  estimateAudience: {
    body: {
      audience: {
        all: [{ type: 'visitsWithin', days: 30, atLeast: 2 }, { not: { type: 'tag', tag: 'staff' } }],
      },
    },
  },
  listCustomers: { given: ['putCustomerNotes'], query: { limit: '20' } },
  getCustomer: { given: ['putCustomerNotes'] },
  putCustomerNotes: { given: ['customer'], body: { tags: ['regular', 'flat white'] } },
  putBlock: {
    given: ['customer'],
    body: { reason: 'Many returns without a receipt', until: '2027-02-22T08:00:00Z' },
  },
  deleteBlock: { given: ['putBlock'] },
} satisfies Examples
