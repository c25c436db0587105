/** A request of somebody in the town. */
export type Call = {
  /** As the API names it: `POST /v1/pings`. */
  readonly route: string
  /** Whose token it bears. */
  readonly as: string
  readonly scopes: readonly string[]
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The body's text itself, in place of `body`. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What came back; status 0: nothing did. */
export type Answer = { readonly status: number; readonly body: unknown }

const LINES = /^\{.*\}\n/

/** What an answer says: JSON, or lines of it; undefined where it says nothing. */
export const readBody = (text: string): unknown => {
  if (text === '') return undefined
  return LINES.test(text)
    ? text
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line))
    : JSON.parse(text)
}

/** What the owner of a number answers to an SMS. */
export type SmsAnswer = { readonly phoneNumber: string; readonly word: string; readonly at: string }

/** The platform as people in the town see it: an API, and time that passes. */
export type Host = {
  readonly nowMs: () => number
  readonly sleepUntil: (atMs: number) => Promise<void>
  /** @param key names the request, so that the same request has the same luck */
  readonly call: (key: string, call: Call) => Promise<Answer>
  /** Amazon SNS brings an answer to an SMS. */
  readonly answerSms: (key: string, answer: SmsAnswer) => Promise<Answer>
  /** From 0 to below 1, for the step that asks. */
  readonly random: (key: string) => number
  /** How likely a client sends twice what needs no repeat. */
  readonly impatience: number
}
