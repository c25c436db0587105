import { type BoxKind, halfDiagonalM, kindsIn } from '#shared/domain/geo/cell-kinds.ts'
import { boxOf, type Cell, quarterOf } from '#shared/domain/geo/cells.ts'
import type { Shape } from '#shared/domain/geo/geofence.ts'
import { TILE_MARGIN_M, tileCellsOf } from '#shared/domain/geo/tiles.ts'

/** A geofence has at most so many cells in all its tiles; one for each tile where the tiles are more. */
export const MAX_COVER_CELLS = 64
/** Cells are not divided below this half diagonal: to measure a circle costs less than to look for its cell. */
const FINEST_CIRCLE_M = 150
/** A polygon is dearer to test. */
const FINEST_POLYGON_M = 40

/** A cell of a cover: `inside` when all of it lies in the shape, else positions in it must be tested. */
export type CoverCell = Cell & { readonly inside: boolean }

/** What a shape covers of one of its tiles. */
export type TileCover = {
  readonly tile: Cell
  /** The tile's quadtree in preorder, two bits a node from the highest: outside, test, inside, divided. */
  readonly code: Uint8Array
}

/** The nodes of a code. */
export const OUTSIDE = 0
export const TEST = 1
export const INSIDE = 2
export const DIVIDED = 3

type Node = { readonly cell: Cell; readonly kind: BoxKind; quarters?: readonly Node[] }
/** A node that could be divided, and what that would be worth. */
type Choice = {
  readonly node: Node
  readonly quarters: readonly Node[]
  readonly more: number
  worth: number
}

const nodeOf = (cell: Cell, kindOf: (cell: Cell) => BoxKind): Node => ({ cell, kind: kindOf(cell) })

const choiceOf = (node: Node, kindOf: (cell: Cell) => BoxKind): Choice => {
  const quarters = [0, 1, 2, 3].map((quarter) => nodeOf(quarterOf(node.cell, quarter), kindOf))
  const resolved = quarters.filter(({ kind }) => kind !== 'test').length / 4
  const more = quarters.filter(({ kind }) => kind !== 'outside').length - 1
  // Four quarters that are all to be tested resolve nothing yet, but theirs may.
  const worth = (4 ** -node.cell.depth * (resolved + 0.2)) / Math.max(more, 0.5)
  return { node, quarters, more, worth }
}

const bestOf = (choices: readonly Choice[], room: number): Choice | undefined => {
  let best: Choice | undefined
  for (const choice of choices) {
    if (choice.more <= room && (best === undefined || choice.worth > best.worth)) best = choice
  }
  return best
}

/** Divides greedily where that resolves the largest area for the fewest cells, while there is room. */
const divide = (roots: readonly Node[], kindOf: (cell: Cell) => BoxKind, finestM: number): void => {
  const choicesOf = (nodes: readonly Node[]): Choice[] =>
    nodes
      .filter(({ kind, cell }) => kind === 'test' && halfDiagonalM(boxOf(cell)) > finestM)
      .map((node) => choiceOf(node, kindOf))
  let choices = choicesOf(roots)
  let room = MAX_COVER_CELLS - roots.length
  for (;;) {
    const best = bestOf(choices, room)
    if (best === undefined) return
    best.node.quarters = best.quarters
    room -= best.more
    choices = [...choices.filter((choice) => choice !== best), ...choicesOf(best.quarters)]
  }
}

const NODE_CODES = { outside: OUTSIDE, test: TEST, inside: INSIDE } as const

const preorder = ({ kind, quarters }: Node): number[] =>
  quarters === undefined ? [NODE_CODES[kind]] : [DIVIDED, ...quarters.flatMap(preorder)]

const packed = (nodes: readonly number[]): Uint8Array => {
  const code = new Uint8Array(Math.ceil(nodes.length / 4))
  for (const [index, node] of nodes.entries()) {
    code[index >> 2] = (code[index >> 2] ?? 0) | (node << (6 - 2 * (index & 3)))
  }
  return code
}

/**
 * The cells in which positions must know of a shape: those that come within the margin of it, at most 64, mixed in size;
 * together they hold every position that is in the shape or within the margin of it.
 *
 * @example coverOf({ kind: 'circle', lat: 37.788, lon: -122.4075, radiusM: 5000 }).length // 4 tiles of precision 4
 */
export const coverOf = (shape: Shape): TileCover[] => {
  const kindOfBox = kindsIn(shape, TILE_MARGIN_M)
  const kindOf = (cell: Cell): BoxKind => kindOfBox(boxOf(cell))
  const roots = tileCellsOf(shape).map((tile) => nodeOf(tile, kindOf))
  divide(roots, kindOf, shape.kind === 'circle' ? FINEST_CIRCLE_M : FINEST_POLYGON_M)
  return roots.map((root) => ({ tile: root.cell, code: packed(preorder(root)) }))
}

/** The node at a place of a code; outside after its end. */
export const nodeAt = (code: Uint8Array, index: number): number =>
  ((code[index >> 2] ?? 0) >> (6 - 2 * (index & 3))) & 3

/**
 * The cells that a code lists.
 *
 * @example cellsIn(coverOf(circle)[0]).every(({ depth }) => depth >= 5) // true
 */
export const cellsIn = ({ tile, code }: TileCover): CoverCell[] => {
  const cells: CoverCell[] = []
  let index = 0
  const walk = (cell: Cell): void => {
    const node = nodeAt(code, index++)
    if (node === DIVIDED) for (let quarter = 0; quarter < 4; quarter++) walk(quarterOf(cell, quarter))
    else if (node !== OUTSIDE) cells.push({ ...cell, inside: node === INSIDE })
  }
  walk(tile)
  return cells
}
