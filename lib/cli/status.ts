import { dayIn } from '../core/day.ts'
import type { ObjectStore } from '../core/ports.ts'
import type { Engine } from '../transform/engine.ts'
import { type Call, COMMON, type Command, formatOf, textOption } from './command.ts'
import { acceptHere, refutedText, sameWarehouse } from './held.ts'
import { mayColour, write } from './io.ts'
import { note } from './note.ts'
import { writeAnswer } from './output.ts'
import { type Paint, paint } from './paint.ts'
import { warehouseOption } from './site-option.ts'
import {
  isFine,
  isOn,
  isTooOld,
  type KnownSite,
  lackingNow,
  nightVerdict,
  overdue,
  type SiteStanding,
  siteStanding,
} from './site-standing.ts'
import { rangesText, type Standing, waiting } from './standing.ts'
import { STRIP_LEGEND, stripText } from './strip.ts'
import { answerOf, columnsOf, type Value } from './value.ts'
import {
  chosenSites,
  existingWarehouses,
  sitesIfConfigured,
  sitesTried,
  type Warehouse,
  warehouseName,
} from './warehouse.ts'
import { wholeNumber } from './whole-number.ts'
import { shown } from './width.ts'

async function lookAt({ store }: Warehouse, sites: readonly KnownSite[]): Promise<readonly SiteStanding[]> {
  let opened: Promise<Engine> | undefined
  const engine = (): Promise<Engine> => {
    opened ??= import('../transform/engine.ts').then(({ openEngine }) => openEngine())
    return opened
  }
  try {
    const found: SiteStanding[] = []
    for (const site of sites) found.push(await siteStanding(store, site, engine))
    return found
  } finally {
    await (await opened)?.close()
  }
}

const COLUMNS = columnsOf(
  'site',
  'entity',
  'last_complete_day',
  '#age_days',
  '#complete_days',
  'gaps',
  'held',
)

/** What a table says in lines of its own, machines have in every row of the site. */
const OF_SITE = columnsOf(
  'switched_on',
  'unpublished',
  'newest_run',
  'newest_day',
  'newest_verdict',
  'newest_failure',
  '#newest_age_days',
  'nights',
)

const ofSite = (standing: SiteStanding): readonly Value[] => {
  const newest = standing.newest.at(-1)
  return [
    newest?.run ?? null,
    newest?.dt ?? null,
    newest === undefined ? null : nightVerdict(standing),
    newest?.failure?.message ?? null,
    standing.age ?? null,
    [...standing.nights],
  ]
}

function row(standing: SiteStanding, of: Standing, isTable: boolean): readonly Value[] {
  const { site, entity, last, age, days, gaps, held } = of
  const facts = [site, entity, last ?? null, age ?? null, days.length]
  // What a later day refutes is one of the gaps, and waits for nobody.
  if (isTable)
    return [
      ...facts,
      rangesText(gaps),
      waiting(of)
        .map(({ dt }) => dt)
        .join(', '),
    ]
  const heldFacts = held.map(({ dt, candidate, verdict, reason, refutedBy }) => ({
    day: dt,
    candidate,
    verdict,
    reason,
    refuted_by: refutedBy,
  }))
  const switchedOn = standing.on === undefined ? null : isOn(standing, entity)
  return [...facts, [...gaps], heldFacts, switchedOn, [...of.unpublished], ...ofSite(standing)]
}

/** What a person must know of the newest night: what it lacks, or what ended its last run. */
function runLines(standing: SiteStanding): readonly string[] {
  const { site, entities } = standing
  const newest = standing.newest.at(-1)
  if (newest === undefined) return [`${site}: no run yet`]
  const head = `${site}: newest run ${newest.run} for ${newest.dt}: ${nightVerdict(standing)}`
  if (newest.failure !== null)
    return [head, `  ${shown(newest.failure.message)}`, `  next: ${shown(newest.failure.next)}`]
  // What is held stands in lines of its own, with today's reason.
  const isHeld = (sha256: string | null): boolean =>
    entities.some(({ held }) => held.some(({ candidate }) => candidate === sha256))
  const told = lackingNow(standing).filter(({ candidate }) => !isHeld(candidate))
  const ofRun = (run: string): string => (run === newest.run ? '' : ` in run ${run}`)
  return [
    head,
    ...told.map(
      ({ entity, verdict, run, reason }) => `  ${entity} ${verdict}${ofRun(run)}: ${shown(reason ?? '')}`,
    ),
  ]
}

const daysAgo = (days: number): string => `${days} ${days === 1 ? 'day' : 'days'} ago`

/** That nothing was started any more no run can tell. */
function ageLines(standing: SiteStanding, maxAge: number): readonly string[] {
  const { site, newest, age = 0 } = standing
  if (!isTooOld(standing, maxAge)) return []
  return [
    `${site}: nothing has run since ${newest.at(-1)?.dt}, ${daysAgo(age)}`,
    '  next: start "almanac nightly", and look why nothing else did',
  ]
}

/** What no night has completed for too long, unless the lines of the newest night say as much. */
function overdueLines(call: Call, standing: SiteStanding, maxAge: number): readonly string[] {
  const { site, newest } = standing
  const lacking = lackingNow(standing).map(({ entity }) => entity)
  const isTold = ({ entity, last }: Standing): boolean =>
    last === undefined ? lacking.includes(entity) : isTooOld(standing, maxAge) && last === newest.at(-1)?.dt
  const told = overdue(standing, maxAge).filter((each) => !isTold(each))
  if (told.length === 0) return []
  const names = told.map(({ entity }) => entity).join(',')
  return [
    ...told.map(({ entity, last, age = 0 }) =>
      last === undefined
        ? `${entity} of ${site}: switched on, and no complete day yet`
        : `${entity} of ${site}: no complete day since ${last}, ${daysAgo(age)}`,
    ),
    `  next: almanac nightly --site ${site} --select ${names}${sameWarehouse(call.options)}`,
  ]
}

function heldLines(call: Call, { entities }: SiteStanding): readonly string[] {
  return entities
    .flatMap(({ held }) => held)
    .flatMap((held) => {
      const line = `${held.entity} of ${held.site}, ${held.dt}, is held${refutedText(held)}: ${shown(held.reason)}`
      return held.verdict === 'guarded'
        ? [line, `  if it is right: ${acceptHere(call.options, held)}`]
        : [line]
    })
}

/** What is committed and no table shows yet: a run died in between. */
function unpublishedLines(call: Call, { site, entities }: SiteStanding): readonly string[] {
  const behind = entities.filter(({ unpublished }) => unpublished.length > 0)
  if (behind.length === 0) return []
  return [
    ...behind.map(
      ({ entity, unpublished }) =>
        `${entity} of ${site}, committed and not published: ${unpublished.join(', ')}`,
    ),
    `  next: almanac load --site ${site}${sameWarehouse(call.options)}`,
  ]
}

/** The last nights of every site, one line each, the newest on the right. */
function stripLines(sites: readonly SiteStanding[], colour: Paint): string {
  const width = Math.max(...sites.map(({ site }) => site.length))
  const lines = sites.map(({ site, nights }) => `${site.padEnd(width)}  ${stripText(nights, colour)}\n`)
  return lines.length === 0 ? '' : `\n${lines.join('')}${' '.repeat(width)}  ${colour.dim(STRIP_LEGEND)}\n`
}

/** Yesterday's night is as fresh as there is until tonight's has run. */
const MAX_AGE = 1

/** About a thousand years: old enough for whoever does not care. */
const HIGHEST_AGE = 365_000

async function run(call: Call): Promise<number> {
  const { io } = call
  const maxAge = wholeNumber(call.options, 'maxAge', '--max-age', HIGHEST_AGE) ?? MAX_AGE
  // A warehouse that is named needs no configuration, only a site's own day does.
  const isNamed =
    warehouseOption(call.options) !== undefined && textOption(call.options, 'config') === undefined
  const configured = isNamed ? [] : await sitesIfConfigured(call)
  const knownSite = (site: string): KnownSite => {
    const { timeZone = 'UTC', entities: on } = configured.find(({ slug }) => slug === site) ?? {}
    return { site, day: dayIn(timeZone, Date.now()), on }
  }
  const sites: SiteStanding[] = []
  for (const warehouse of await existingWarehouses(call)) {
    // A configured site that nobody ever read is missing, and must not look as if all were well.
    const ofHere = configured.filter((site) => warehouseName(site.warehouse) === warehouse.name)
    const known = async (store: ObjectStore): Promise<readonly string[]> => [
      ...new Set([...(await sitesTried(store)), ...ofHere.map(({ slug }) => slug)]),
    ]
    const chosen = await chosenSites(warehouse, call, known)
    sites.push(...(await lookAt(warehouse, chosen.map(knownSite))))
  }
  const format = formatOf(call.options)
  const isTable = format === 'table'
  const rows = sites.flatMap((site) => site.entities.map((each) => row(site, each, isTable)))
  await writeAnswer(io, format, answerOf(isTable ? COLUMNS : [...COLUMNS, ...OF_SITE], rows))
  const colour = paint(io.outColumns !== undefined && mayColour(io))
  if (isTable) await write(io.out, stripLines(sites, colour))
  for (const site of isTable ? sites : []) {
    const lines = [
      ...runLines(site),
      ...ageLines(site, maxAge),
      ...overdueLines(call, site, maxAge),
      ...heldLines(call, site),
      ...unpublishedLines(call, site),
    ].join('\n')
    await write(io.out, `\n${isFine(site, maxAge) ? lines : colour.warn(lines)}\n`)
  }
  if (sites.length === 0) await note(call, 'no site was ever read here: run "almanac nightly"')
  return sites.length > 0 && sites.every((site) => isFine(site, maxAge)) ? 0 : 3
}

/** How the warehouse stands. */
export const STATUS: Command = {
  name: 'status',
  args: [],
  doc: 'last complete days, gaps, what is held or not published yet and why; exit code 3 when something is, or nothing has run or been read lately',
  options: [
    {
      flags: '--max-age <days>',
      doc: 'how many days ago the newest night of a site, and the last complete day of each entity, may be before it counts as missing',
      byDefault: String(MAX_AGE),
    },
    ...COMMON,
  ],
  examples: [
    'almanac status',
    'almanac status --site sales --output json',
    'almanac status --max-age 7 --warehouse s3://company-almanac/tableau',
  ],
  judges: true,
  run,
}
