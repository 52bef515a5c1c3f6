import type { Job } from './facts.ts'
import { progressOf } from './filterable.ts'
import type { Lookup } from './lookup.ts'
import { type Cell, element, escapeXml } from './xml.ts'

const finishCodes: Readonly<Record<string, number>> = { Success: 0, Failed: 1, Cancelled: 2 }

/** Job types that the schema of 3.29 lists; others are sent without `type`. */
const known = new Set(['GroupSync', 'RefreshExtract', 'RefreshThumbnails', 'RunFlow'])

const targetXml = (job: Job, lookup: Lookup): string => {
  const cells = (id: string): Record<string, Cell> => ({ id, name: job.title })
  if (job.workbookId !== undefined) {
    return element('workbook', {
      ...cells(job.workbookId),
      name: lookup.workbook(job.workbookId)?.name ?? job.title,
    })
  }
  return job.datasourceId === undefined ? '' : element('datasource', cells(job.datasourceId))
}

const detailXml = (job: Job, lookup: Lookup): string => {
  const target = targetXml(job, lookup)
  return target === ''
    ? ''
    : element('extractRefreshJob', {}, `<notes>${escapeXml(job.notes ?? '')}</notes>${target}`)
}

/**
 * A job's own page: another shape than its row in the list (Tableau help: Query Job).
 * An unfinished job carries `finishCode="1"`, as real servers have been seen to do: only `completedAt` tells.
 */
export const jobXml = (job: Job, lookup: Lookup): string =>
  element(
    'job',
    {
      id: job.id,
      mode: 'Asynchronous',
      type: known.has(job.type) ? job.type : undefined,
      progress: progressOf(job),
      createdAt: job.createdAt,
      startedAt: job.startedAt,
      updatedAt: job.endedAt ?? job.startedAt ?? job.createdAt,
      completedAt: job.endedAt,
      finishCode: job.endedAt === undefined ? 1 : (finishCodes[job.status] ?? 1),
    },
    detailXml(job, lookup),
  )
