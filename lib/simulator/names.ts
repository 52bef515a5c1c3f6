import { at, type Random } from './random.ts'

const given =
  'Anna Björn Chidi Daria Émile Fatima Giánnis Hana Ivan José Kenji Léa María Nguyễn Olga Priya Quentin René Søren Tomás Ülkü Věra Wei Xiu Yusuf Zoë'.split(
    ' ',
  )
const family =
  "Almeida Bergström Chen Dvořák Eriksen Fernández García Hansen Ito Jönsson Kowalski Łukasiewicz Müller Novák O'Brien Petrov Quispe Rossi Şahin Tanaka Ueda Van-Dijk Weiß Yılmaz Zhang Ødegård".split(
    ' ',
  )
const subject =
  'Sales Finance Marketing Logistics Claims Energy Retail Clinic Fleet Payroll Café Risk Supply Web Loans Churn Export Campus Harbor Forecast Budget Audit Quality Returns Pricing Tickets Costs 売上 Продажи'.split(
    ' ',
  )
const shape =
  'Overview|Daily|Monthly report|KPI|by Region|Explorer|Deep dive|Scorecard|Forecast|Archive|Tracker|Summary|Monitor'.split(
    '|',
  )
const department =
  'Group Finance|Human Resources|Sales EMEA|Sales Americas|Operations|IT|Data Science|Research|Legal|Supply chain|Marketing|Sandbox|Archive|Customer care'.split(
    '|',
  )
const sheet =
  'Overview|Detail|Map|Trend|Top 10|Dashboard|Heatmap|Sheet|Story|Filters|Waterfall|Outliers'.split('|')
const tagWords =
  'certified|finance|q1|q2|draft|deprecated|gdpr|board|weekly|R&D|naïve|"quoted"|do not use|owner: unknown|🔥 hot|ops'.split(
    '|',
  )

const decorations: readonly ((name: string) => string)[] = [
  (name) => `${name} 📈`,
  (name) => `"${name}" & <Co>`,
  (name) => `${name}\nsecond line`,
  (name) => `${name}\t(tab)`,
  (name) => `  ${name} `,
  () => 'Café Überblick'.normalize('NFC'),
  () => 'Café Überblick'.normalize('NFD'),
  (name) => `${name} תקציב`,
  (name) => `👩‍👩‍👧 ${name}`,
  (name) => `'${name}'; DROP TABLE workbooks;--`,
  (name) => `${name}, comma; 100 % {braces} [brackets] \\ back`,
  (name) => `${name} null`,
]

const EVERY = 13

/** Gives every thirteenth name, by its serial number, one of the forms that break careless programs. */
export const decorate = (name: string, serial: number): string =>
  serial % EVERY === 5 ? at(decorations, Math.floor(serial / EVERY) % decorations.length)(name) : name

/** A person: full name and a login that no one else has. */
export const personName = (random: Random, serial: number): { fullName: string; name: string } => {
  const first = random.pick(given)
  const last = random.pick(family)
  const login = `${first}.${last}`.normalize('NFD').replace(/[^A-Za-z.]/g, '')
  return { fullName: decorate(`${first} ${last}`, serial), name: `${login.toLowerCase()}${serial}` }
}

/** The name of a workbook or data source; the same name comes again in other projects. */
export const contentName = (random: Random, serial: number): string =>
  decorate(`${random.pick(subject)} ${random.pick(shape)}`, serial)

/** The name of a project or group. */
export const unitName = (random: Random, serial: number): string => decorate(random.pick(department), serial)

/** The name of the nth sheet of a workbook, without repetition inside it. */
export const sheetName = (random: Random, nth: number, serial: number): string => {
  const name = random.pick(sheet)
  return decorate(nth < 1 ? name : `${name} ${nth + 1}`, serial)
}

/** No tag for most, up to four different ones for some; in the order in which Tableau happens to send them. */
export const tagsOf = (random: Random): readonly string[] => {
  if (random.chance(0.6)) return []
  const tags = new Set<string>()
  for (let left = 1 + random.below(4); left > 0; left--) tags.add(random.pick(tagWords))
  return [...tags]
}

/** A description, or none; some hold line breaks and quotes. */
export const descriptionOf = (random: Random): string | undefined => {
  if (random.chance(0.55)) return undefined
  const text = `${random.pick(subject)} ${random.pick(shape).toLowerCase()}`
  return random.chance(0.2)
    ? `${text}:\n- "daily" & checked\n- owner > team`
    : `${text} for ${random.pick(department)}.`
}

/** A name made fit for a URL, as Tableau does for content URLs: letters and digits alone, made unique by a number. */
export const urlName = (name: string, serial: number): string =>
  `${name.normalize('NFC').replace(/[^\p{L}\p{N}]/gu, '')}_${serial}`
