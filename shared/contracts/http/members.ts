import * as z from 'zod'
import { idSchema, instantSchema, utcInstantSchema } from '#shared/contracts/http/primitives.ts'
import { isActive, MEMBER_ROLES, type Member } from '#shared/domain/merchants/merchant.ts'

export const memberPathSchema = z.strictObject({ merchantId: idSchema('mer'), userId: idSchema('usr') })

/**
 * `PUT /v1/merchants/{merchantId}/members/{userId}`: adds a member, or gives one another role.
 */
export const memberRequestSchema = z
  .strictObject({
    role: z.enum(MEMBER_ROLES).describe('What the member may do (docs/merchants.md).'),
    until: utcInstantSchema
      .exactOptional()
      .describe('When the access ends by itself, within a year: an agency’s must, an owner’s never does.'),
  })
  .refine(({ role, until }) => role !== 'agency' || until !== undefined, {
    path: ['until'],
    message: 'the access of an agency ends at some time',
  })
  .refine(({ role, until }) => role !== 'owner' || until === undefined, {
    path: ['until'],
    message: 'an owner stays until another owner removes it',
  })
export type MemberRequest = z.output<typeof memberRequestSchema>

const memberSchema = z.strictObject({
  userId: idSchema('usr').describe('The member.'),
  role: z.enum(MEMBER_ROLES).describe('What the member may do (docs/merchants.md).'),
  until: instantSchema.exactOptional().describe('When the access ends by itself.'),
  addedAt: instantSchema.exactOptional().describe('When the member was added.'),
  isActive: z.boolean().describe('False when its time is over; it may do nothing then.'),
})

/** A member in the form of the API. */
export const memberView = (member: Member, nowMs: number): z.output<typeof memberSchema> => {
  const { user, role, until, addedAt } = member
  return {
    userId: user,
    role,
    ...(until !== undefined && { until }),
    ...(addedAt !== undefined && { addedAt }),
    isActive: isActive(member, nowMs),
  }
}

/** A member as its merchant's list has it: nobody reads one alone. */
export const taggedMemberSchema = z.strictObject({
  ...memberSchema.shape,
  etag: z
    .string()
    .max(70)
    .describe('The entity tag, quotes included, which `if-match` of a change to this member takes.'),
})

const MAX_LISTED = 40

/** `GET /v1/merchants/{merchantId}/members`: all of them. */
export const membersSchema = z.strictObject({
  items: z.array(taggedMemberSchema).max(MAX_LISTED).describe('All of them.'),
})

/** `GET /v1/user`: what the caller is called here, to tell whoever is to add it to a merchant. */
export const userSchema = z.strictObject({
  userId: idSchema('usr').describe('What the caller is called here.'),
})
