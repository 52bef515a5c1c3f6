/** A package in some version, as package-lock.json has it. */
export interface Locked {
  readonly name: string
  readonly version: string
}

/** Versions of a package that must never be installed. `bad` and `good` are examples: the list is tested by them. */
export interface Denied {
  readonly name: string
  readonly why: string
  isDenied(version: readonly number[]): boolean
  readonly bad: readonly string[]
  readonly good: readonly string[]
}

const numbers = (version: string): readonly number[] => (version.split('-')[0] ?? '').split('.').map(Number)

/** Whether a version comes before another, both as numbers. */
function isBefore(version: readonly number[], other: readonly number[]): boolean {
  const at = other.findIndex((part, i) => (version[i] ?? 0) !== part)
  return at !== -1 && (version[at] ?? 0) < (other[at] ?? 0)
}

const always = (): boolean => true
const before =
  (...floor: readonly number[]) =>
  (version: readonly number[]): boolean =>
    isBefore(version, floor)
const exactly =
  (...other: readonly number[]) =>
  (version: readonly number[]): boolean =>
    !isBefore(version, other) && !isBefore(other, version)

const SEPTEMBER_2025 = 'published by a thief of the maintainers’ account in September 2025'

/** Known bad packages and versions, with the advisory that says so. */
export const DENIED: readonly Denied[] = [
  {
    name: 'parquetjs',
    why: 'brings thrift 0.11, and turns text dates into 1970',
    isDenied: before(1),
    bad: ['0.11.2'],
    good: [],
  },
  {
    name: 'thrift',
    why: 'CVE-2026-94645 and three before it',
    isDenied: before(0, 25),
    bad: ['0.11.0', '0.24.0'],
    good: ['0.25.0', '1.0.0'],
  },
  {
    name: 'duckdb',
    why: `given up for @duckdb/node-api; 1.3.3 was ${SEPTEMBER_2025}`,
    isDenied: always,
    bad: ['1.3.3', '1.4.0'],
    good: [],
  },
  {
    name: '@duckdb/node-api',
    why: `1.3.3 was ${SEPTEMBER_2025}; lines before 1.4 are out of support`,
    isDenied: before(1, 4),
    bad: ['1.3.3', '1.3.2-alpha.25'],
    good: ['1.4.0-r.1', '1.5.5-r.5'],
  },
  {
    name: '@duckdb/node-bindings',
    why: SEPTEMBER_2025,
    isDenied: before(1, 4),
    bad: ['1.3.3'],
    good: ['1.5.5-r.5'],
  },
  {
    name: '@duckdb/duckdb-wasm',
    why: SEPTEMBER_2025,
    isDenied: exactly(1, 29, 2),
    bad: ['1.29.2'],
    good: ['1.29.1', '1.30.0'],
  },
  {
    name: 'aws-sdk',
    why: 'out of support since 8 September 2025',
    isDenied: always,
    bad: ['2.1692.0'],
    good: [],
  },
  {
    name: '@smithy/config-resolver',
    why: 'GHSA-6475-r3vj-m8vf',
    isDenied: before(4, 4),
    bad: ['4.3.9'],
    good: ['4.4.0', '5.0.0'],
  },
  {
    name: 'fast-xml-parser',
    why: 'GHSA-8r6m-32jq-jx6q and those before it',
    isDenied: before(5, 10, 1),
    bad: ['4.5.5', '5.10.0'],
    good: ['5.10.1', '5.12.1'],
  },
  {
    name: 'undici',
    why: 'GHSA-4cwx-7wf7-3272 and those before it',
    isDenied: (version) => isBefore(version, [7, 29]) || (version[0] === 8 && isBefore(version, [8, 9])),
    bad: ['6.29.0', '7.28.9', '8.8.0'],
    good: ['7.29.0', '7.30.2', '8.9.0'],
  },
]

/** Whether the deny list holds this package in this version. */
export const isDenied = ({ name, version }: Locked): boolean =>
  DENIED.some((denied) => denied.name === name && denied.isDenied(numbers(version)))
