import { addDays, type Day } from '../core/day.ts'
import { AlmanacError } from '../core/errors.ts'
import type { TableColumn } from '../tables/table.ts'

/** What a warehouse in S3 is to its catalog. */
export interface Warehouse {
  readonly bucketName: string
  /** Slugs of the sites; at least one. What is kept of any other site is not seen. */
  readonly sites: readonly string[]
  /** The first day that has data: no earlier one is looked for. */
  readonly firstDay: Day
}

/** No warehouse has a snapshot of an earlier day: Athena looks for none. */
export const FIRST_DAY: Day = '2026-01-01'

/** How long before the first day an event may have been created: what Tableau still lists is read at the first reading. */
const EVENTS_BEFORE_DAYS = 2 * 365

/** A day more than UTC's: east of it the day has begun already. */
const TODAY = 'NOW+1DAY'

/** How Athena computes the values of a partition column, so that nobody has to register partitions. */
function ruleOf(column: string, at: Warehouse, values: readonly string[]): Readonly<Record<string, string>> {
  switch (column) {
    case 'dt':
      return {
        type: 'date',
        format: 'yyyy-MM-dd',
        range: `${at.firstDay},${TODAY}`,
        interval: '1',
        'interval.unit': 'DAYS',
      }
    case 'month':
      return {
        type: 'date',
        format: 'yyyy-MM',
        range: `${addDays(at.firstDay, -EVENTS_BEFORE_DAYS).slice(0, 7)},${TODAY}`,
        interval: '1',
        'interval.unit': 'MONTHS',
      }
    case 'site':
    case 'entity':
      return { type: 'enum', values: values.join(',') }
    default:
      throw new AlmanacError('internal', `nothing says which values the partition "${column}" has`)
  }
}

/** A table's parameters for partitions that are computed: where each lies follows from its values. Throws `internal`. */
export function projection(
  at: Warehouse,
  prefix: string,
  partitions: readonly TableColumn[],
  entities: readonly string[],
): Readonly<Record<string, string>> {
  const rules = partitions.flatMap(({ name }) =>
    Object.entries(ruleOf(name, at, name === 'entity' ? entities : at.sites)).map(
      ([key, value]) => [`projection.${name}.${key}`, value] as const,
    ),
  )
  const folders = partitions.map(({ name }) => `${name}=\${${name}}/`).join('')
  return {
    'projection.enabled': 'true',
    ...Object.fromEntries(rules),
    'storage.location.template': `s3://${at.bucketName}/${prefix}${folders}`,
  }
}
