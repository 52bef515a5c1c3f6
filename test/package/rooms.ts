/** What a room may import. */
export interface Room {
  /** Rooms it may import from. */
  readonly from: readonly string[]
  /** Rooms whose types alone it may import. */
  readonly types?: readonly string[]
  /** Packages it may import. */
  readonly packages?: readonly string[]
  /** Modules of Node it may import at run time. `any`: it is where the outside world is. */
  readonly node: readonly string[] | 'any'
  /** Whether time, chance, the process and the network reach it by arguments alone. */
  readonly isPure: boolean
}

const pure = (
  from: readonly string[],
  more: Partial<Pick<Room, 'types' | 'packages' | 'node'>> = {},
): Room => ({
  from,
  node: [],
  isPure: true,
  ...more,
})
const edge = (from: readonly string[], more: Partial<Pick<Room, 'types' | 'packages'>> = {}): Room => ({
  from,
  node: 'any',
  isPure: false,
  ...more,
})

const USE_CASES = ['extract', 'load', 'nightly', 'questions', 'tables', 'transform', 'verify']

/** Every room of lib/, with what it may import. A new room needs a line. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: pure([], { node: ['node:crypto'] }),
  entities: pure(['core']),
  tables: pure(['core', 'engine']),
  extract: pure(['core', 'tableau'], { packages: ['hyparquet', 'hyparquet-writer'], node: ['node:zlib'] }),
  load: pure(['core'], { packages: ['hyparquet'] }),
  transform: pure(['core', 'engine', 'load']),
  session: pure(['core', 'network', 'tableau']),
  nightly: pure(['core', 'extract', 'load', 'session', 'tableau']),
  questions: pure(['core', 'engine', 'tables']),
  athena: pure(['core', 'engine', 'questions', 'tables']),
  verify: pure(['core', 'load']),
  config: pure(['core', 'network'], { packages: ['jsonc-parser', 'zod'], node: ['node:path'] }),
  network: edge(['core'], { packages: ['undici'] }),
  engine: edge(['core'], { packages: ['@duckdb/node-api', 'p-limit'] }),
  tableau: edge(['core', 'network'], { packages: ['fast-xml-parser', 'jose', 'p-limit', 'saxes', 'undici'] }),
  notify: edge(['core', 'network'], { types: ['config'], packages: ['undici'] }),
  doctor: edge(['config', 'core', 'network', 'session', 'tableau']),
  discover: edge(['core', 'doctor', 'nightly', 'tableau'], { types: ['config'] }),
  adapters: edge(['core', 'network'], {
    packages: ['@aws-sdk/client-s3', '@aws-sdk/client-secrets-manager', '@duckdb/node-api', 'p-limit'],
  }),
  stacks: edge(['athena', 'config', 'core', 'entities', 'lambda', 'network', 'steps'], {
    packages: ['aws-cdk-lib', 'constructs', 'esbuild'],
  }),
  steps: pure(['core', 'load', 'nightly', 'tableau']),
  connection: edge(['adapters', 'config', 'core', 'entities', 'load', 'network', 'notify', 'tableau']),
  lambda: edge(
    ['adapters', 'config', 'connection', 'core', 'entities', 'network', 'session', 'steps', 'tableau'],
    {
      packages: [
        '@aws-lambda-powertools/logger',
        '@aws-lambda-powertools/metrics',
        '@aws-sdk/client-lambda',
        '@aws-sdk/client-sfn',
        'zod',
      ],
    },
  ),
  simulator: edge([]),
  demo: edge(['core', 'engine', 'entities', 'simulator', 'tableau', ...USE_CASES]),
  cli: edge(
    [
      'adapters',
      'config',
      'connection',
      'core',
      'demo',
      'discover',
      'doctor',
      'engine',
      'entities',
      'network',
      'notify',
      'session',
      'simulator',
      'tableau',
      ...USE_CASES,
    ],
    {
      packages: ['@duckdb/node-api', 'commander'],
    },
  ),
}

/** What reaches around the arguments of a pure room. */
export const FORBIDDEN_IN_PURE: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'fetch', pattern: /(?<![\w.'"])fetch\s*\(/ },
  { name: 'process', pattern: /(?<![\w.'"])process\s*[.[]/ },
  { name: 'Date.now', pattern: /\bDate\.now\b/ },
  { name: 'new Date() of now', pattern: /\bnew Date\(\s*\)/ },
  { name: 'performance', pattern: /(?<![\w.'"])performance\./ },
  { name: 'Math.random', pattern: /\bMath\.random\b/ },
  { name: 'timers', pattern: /(?<![\w.])set(?:Timeout|Interval|Immediate)\s*\(/ },
  { name: 'console', pattern: /(?<![\w.'"])console\./ },
  { name: 'globalThis', pattern: /\bglobalThis\b/ },
  { name: 'require', pattern: /(?<![\w.'"])require\s*\(/ },
]
