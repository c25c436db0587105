import type { EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import type { ListAllGeofences } from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { IMPORT_BATCH, type ImportRecords } from '#shared/adapters/dynamodb/catalog/import-records.ts'
import { sameGround } from '#shared/contracts/declared-geometry.ts'
import type { BadRow } from '#shared/contracts/http/imports.ts'
import type { ImportRow } from '#shared/contracts/import-row.ts'
import type { DeclaredGeofence } from '#shared/contracts/items/geofence.ts'
import { type ImportJob, type ImportOutcomes, NO_OUTCOMES } from '#shared/contracts/items/import.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import {
  geofenceIdsOf,
  geofenceNamed,
  geofenceOfRow,
  type PlannedGeofence,
  withShape,
} from '#shared/contracts/store-import.ts'
import { overlappingOf } from '#shared/domain/geo/overlaps.ts'
import type { GeofenceId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'

export type ImportServices = {
  readonly nowMs: () => number
  readonly imports: ImportRecords
  readonly geofences: Pick<EntityRecords<GeofenceId, DeclaredGeofence>, 'find' | 'create' | 'replace'>
  readonly listAllGeofences: ListAllGeofences
  readonly queueJob: (job: Job, signal?: AbortSignal) => Promise<void>
}

type ImportMessage = Extract<Job, { readonly kind: 'import' }>

/** A slice of the work: 6,000 stores, or 1,500 geofences, long before the function's time is over. */
const MAX_STEPS = 150
const GEOFENCES_A_STEP = 10
/** Of larger borders in all none are compared: their shapes take seconds, and memory that other jobs need, too. */
export const MAX_COMPARED_POSITIONS = 300_000

type Drawn = keyof ImportOutcomes | { readonly refused: string }

const drawnAgain = (wanted: DeclaredGeofence, current: DeclaredGeofence, nowMs: number): DeclaredGeofence => {
  const moved = !sameGround(current.declared, wanted.declared)
  const { exit = current.exit } = wanted
  return {
    ...wanted,
    ...(exit && { exit }),
    revision: current.revision + 1,
    createdAt: current.createdAt,
    // As when somebody moves it by hand: earlier fixes see the shape before.
    ...(moved
      ? {
          effectiveAtMs: Math.max(nowMs, current.effectiveAtMs + 1),
          former: { shape: current.shape, effectiveAtMs: current.effectiveAtMs },
        }
      : {
          declared: current.declared,
          shape: current.shape,
          effectiveAtMs: current.effectiveAtMs,
          ...(current.tiles && { tiles: current.tiles }),
        }),
  }
}

type Drawing = { readonly planned: PlannedGeofence; readonly current: DeclaredGeofence | undefined }

/** What a row draws, and what there is of it: the geofence that it names as its own id, else the one of its store. */
const drawingOf = async (
  { geofences, nowMs }: ImportServices,
  { merchantId, datum }: ImportJob,
  row: ImportRow,
  signal?: AbortSignal,
): Promise<Drawing | undefined> => {
  const planned = geofenceOfRow(row, merchantId, datum, nowMs())
  if (planned === undefined) return undefined
  const named = geofenceNamed(row)
  const own = named && (await geofences.find(merchantId, named, signal))
  if (own === undefined) return { planned, current: await geofences.find(merchantId, planned.id, signal) }
  const { storeId: _, ...drawn } = planned
  const { id, storeId } = own
  return { planned: { ...drawn, id, ...(storeId !== undefined && { storeId }) }, current: own }
}

/** What a file does not say stays. */
const keepsExit = ({ exit }: PlannedGeofence, wanted: PlannedGeofence['exit']): boolean =>
  wanted === undefined || (exit?.bufferM === wanted.bufferM && exit?.confirmS === wanted.confirmS)

const isSame = (current: PlannedGeofence, wanted: PlannedGeofence): boolean =>
  sameGround(current.declared, wanted.declared) &&
  keepsExit(current, wanted.exit) &&
  current.name === wanted.name &&
  current.storeId === wanted.storeId

const draw = async (
  { geofences, nowMs }: ImportServices,
  { planned, current }: Drawing,
  author: Author,
  signal?: AbortSignal,
): Promise<Drawn> => {
  if (current !== undefined && isSame(current, planned)) return 'unchanged'
  const wanted = withShape(planned)
  const saved =
    current === undefined
      ? await geofences.create(wanted, author, signal)
      : await geofences.replace(
          wanted.merchantId,
          wanted.id,
          author,
          (before) => drawnAgain(wanted, before, nowMs()),
          signal,
        )
  if (saved.kind === 'saved') return current === undefined ? 'created' : 'replaced'
  if (saved.kind === 'full') return { refused: `limitReached: ${saved.detail}` }
  return { refused: saved.kind === 'missing' ? 'its store was not imported' : saved.kind }
}

const counted = (outcomes: ImportOutcomes, drawn: keyof ImportOutcomes): ImportOutcomes => ({
  ...outcomes,
  [drawn]: outcomes[drawn] + 1,
})

/** What of a row draws its geofence. */
const drawnBy = ({ area }: ImportRow): string => (area === undefined ? '/radiusM' : '/geometry')

const drawRows = async (
  services: ImportServices,
  job: ImportJob,
  rows: readonly ImportRow[],
  signal?: AbortSignal,
) => {
  const nowMs = services.nowMs()
  const bad: BadRow[] = []
  let outcomes = NO_OUTCOMES
  for (const row of rows) {
    const drawing = await drawingOf(services, job, row, signal)
    if (drawing === undefined) continue
    const drawn = await draw(services, drawing, { ...job.author, atMs: nowMs }, signal)
    if (typeof drawn === 'string') outcomes = counted(outcomes, drawn)
    else bad.push({ line: row.line, pointer: drawnBy(row), reason: drawn.refused.slice(0, 200) })
  }
  return { rows: rows.length, outcomes, bad, nowMs }
}

/** The next step of a job; undefined when it is gone. */
const step = async (
  services: ImportServices,
  job: ImportJob,
  rows: readonly ImportRow[],
  signal?: AbortSignal,
): Promise<ImportJob | undefined> => {
  const { imports, nowMs } = services
  const { storesNext, geofencesNext } = job
  if (storesNext < rows.length) {
    const batch = rows.slice(storesNext, storesNext + IMPORT_BATCH)
    return await imports.storeRows(job, batch, nowMs(), signal)
  }
  const batch = rows.slice(geofencesNext, geofencesNext + GEOFENCES_A_STEP)
  return await imports.keepDrawn(job, await drawRows(services, job, batch, signal), signal)
}

const isOver = ({ geofencesNext, wanted }: ImportJob, rows: number): boolean =>
  wanted === 0 ? true : geofencesNext >= rows

/** The import is over: of its geofences are counted those that share ground, as `geofences:overlaps` lists them. */
const finish = async (
  { imports, listAllGeofences, nowMs }: ImportServices,
  job: ImportJob,
  rows: readonly ImportRow[],
  signal?: AbortSignal,
): Promise<void> => {
  const { merchantId, wanted } = job
  const all = wanted === 0 ? [] : await listAllGeofences(merchantId, signal)
  const sharing = all && overlappingOf(all)
  const ids = new Set(rows.flatMap((row) => geofenceIdsOf(row, merchantId)))
  const overlapping = sharing && [...ids].filter((id) => sharing.has(id)).length
  await imports.finish(job, { nowMs: nowMs(), overlapping }, signal)
}

/**
 * Writes the stores of an import and draws their geofences, a slice at a time; what is left it puts on the queue again. It
 * goes on from what is stored, so that a message that comes twice, or a crash, does nothing twice.
 *
 * @returns how many stores and geofences this slice came through
 */
export const importStores = async (
  services: ImportServices,
  { merchantId, jobId }: ImportMessage,
  signal?: AbortSignal,
): Promise<number> => {
  const { imports, queueJob } = services
  const found = await imports.find(merchantId, jobId, signal)
  if (found === undefined || found.finishedAt !== undefined) return 0
  const rows = await imports.readRows(found, signal)
  let job: ImportJob | undefined = found
  for (let steps = 0; steps < MAX_STEPS && job !== undefined; steps += 1) {
    if (job.storesNext >= rows.length && isOver(job, rows.length)) break
    job = await step(services, job, rows, signal)
  }
  if (job === undefined) return 0
  if (job.storesNext >= rows.length && isOver(job, rows.length)) await finish(services, job, rows, signal)
  else await queueJob({ kind: 'import', merchantId, jobId }, signal)
  return job.storesNext - found.storesNext + job.geofencesNext - found.geofencesNext
}
