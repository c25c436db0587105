import type { CustomerServices } from '#functions/customer-api/services.ts'
import { blockView } from '#shared/contracts/http/customers.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isId, type MerchantId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'blocks' | 'nowMs'>
type Path = { readonly merchantId: MerchantId }

const isMerchantId = (text: string): text is MerchantId => isId('mer', text)

/** Answers which merchants have blocked the caller, why and until when. A page may be short, or empty. */
export const listMyBlocks: UseCase<Services, unknown, PageQuery> =
  ({ profiles, blocks, nowMs }) =>
  async ({ caller, query, signal }) => {
    const after = decodeCursor(query.cursor, isMerchantId)
    if ((await profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const page = await blocks.listOf(caller.user, { limit: query.limit, after }, nowMs(), signal)
    return {
      status: 200,
      body: {
        items: page.items.map((block) => ({ merchantId: block.merchantId, ...blockView(block) })),
        ...(page.next !== undefined && { next: encodeCursor(page.next) }),
      },
    }
  }

/** Says something against a block; the merchant answers it once. */
export const appealBlock: UseCase<Services, Path, unknown, { readonly text: string }> =
  ({ blocks, nowMs }) =>
  async ({ caller, path, body, signal }) => {
    const appealed = await blocks.appeal(caller.user, path.merchantId, body.text, nowMs(), signal)
    switch (appealed.kind) {
      case 'appealed':
        return { status: 200, body: blockView(appealed.block) }
      case 'none':
        throw new Problem('notFound')
      case 'already':
        throw new Problem('limitReached', { detail: 'a block is appealed against once' })
      case 'erased':
        throw new Problem('gone')
      default:
        return appealed satisfies never
    }
  }
