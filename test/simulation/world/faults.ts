/** How likely it is that something goes wrong; 0 to 1, at each occasion. */
export type Faults = {
  /** A function dies before or after one of its calls. */
  readonly crash: number
  /** A call is refused: throttled, or the service is down. */
  readonly throttle: number
  /** A call is done and its answer lost, for good. */
  readonly lostAnswer: number
  /** A call is done, its answer lost, and the SDK does it again. */
  readonly repeat: number
  /** A transaction meets another one. */
  readonly conflict: number
  /** A read that need not be consistent answers what was. */
  readonly stale: number
  /** A batch leaves keys unprocessed. */
  readonly unprocessed: number
  /** A call takes seconds, or minutes. */
  readonly slow: number
  /** A record or message is delivered twice. */
  readonly duplicate: number
  /** A record or message comes late. */
  readonly delay: number
  /** SNS throttles, breaks, or finds an endpoint disabled. */
  readonly phones: number
  /** A client sends its request again although it was answered, or twice at once. */
  readonly impatient: number
}

export const NO_FAULTS: Faults = {
  crash: 0,
  throttle: 0,
  lostAnswer: 0,
  repeat: 0,
  conflict: 0,
  stale: 0,
  unprocessed: 0,
  slow: 0,
  duplicate: 0,
  delay: 0,
  phones: 0,
  impatient: 0,
}

export const ROUGH: Faults = {
  crash: 0.008,
  throttle: 0.01,
  lostAnswer: 0.01,
  repeat: 0.01,
  conflict: 0.03,
  stale: 0.25,
  unprocessed: 0.05,
  slow: 0.005,
  duplicate: 0.1,
  delay: 0.1,
  phones: 0.12,
  impatient: 0.1,
}

const isFault = (name: string): name is keyof Faults => Object.hasOwn(ROUGH, name)

/**
 * Reads which faults are wanted: `rough`, `none`, or the names of some of them.
 *
 * @example parseFaults('crash,stale')
 */
export const parseFaults = (text: string): Faults => {
  if (text === 'rough') return ROUGH
  if (text === 'none') return NO_FAULTS
  const names = text.split(',')
  const unknown = names.filter((name) => !isFault(name))
  if (unknown.length > 0)
    throw new Error(`no fault ${unknown.join(', ')}; there is ${Object.keys(ROUGH).join(', ')}`)
  return { ...NO_FAULTS, ...Object.fromEntries(names.filter(isFault).map((name) => [name, ROUGH[name]])) }
}
