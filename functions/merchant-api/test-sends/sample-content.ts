import type { Channel } from '#shared/domain/messages/channel.ts'
import { type LintContext, SAMPLE_CODE, sampleVariables } from '#shared/domain/messages/lint-template.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import { type CompiledMessage, compileMessage, renderMessage } from '#shared/domain/messages/template.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

const compiled = ({ message }: Pick<Scene, 'message'>): CompiledMessage | undefined => {
  try {
    return compileMessage(message)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A scene's message on one channel with sample names and a sample code; undefined when it cannot be filled in. */
export const sampleContent = (
  scene: Pick<Scene, 'message'>,
  channel: Channel,
  context: LintContext,
  locale: string | undefined,
): MessageContent | undefined => {
  const message = compiled(scene)
  if (message === undefined) return undefined
  // As when deciding, which knows no first names.
  const variables = sampleVariables(context, locale, { firstName: false, withinM: true, code: true })
  const rendered = renderMessage(message, channel, locale, variables)
  switch (rendered.kind) {
    case 'push':
      return { push: rendered.push }
    case 'sms':
      return { sms: { ...rendered.sms, ...(context.offer?.hasCode && { code: SAMPLE_CODE }) } }
    case 'failed':
      return undefined
    default:
      return rendered satisfies never
  }
}
