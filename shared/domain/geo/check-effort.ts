/** Is told how much work a check was, in comparisons of two edges: some 35 ns of a whole processor each. */
export type NoteEffort = (comparisons: number) => void

/** What else is done counts as so many comparisons as take the same time, as measured. */
export const COMPARISONS = {
  /** Of two edges that meet. */
  meeting: 40,
  /** Of two rings whose boxes overlap. */
  ringPair: 15,
  /** A vertex of a ring on its way along another one that it touches. */
  passedVertex: 15,
} as const

export const noteNothing: NoteEffort = () => {}
