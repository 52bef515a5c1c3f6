import { createHash, randomBytes, randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { withLock } from '../../lib/adapters/local/lock.ts'
import { diskStore } from '../../lib/adapters/local/store.ts'

/** A process of its own that works on a warehouse until it is done or killed; it says what it does, a line each. */
const [task = '', root = '', ...rest] = process.argv.slice(2)
const store = diskStore(root)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

/** Bytes that can be checked without the store: the SHA-256 of what follows, then what follows. */
function selfChecked(): Uint8Array {
  const body = randomBytes(randomInt(1, 60_000))
  return Buffer.concat([createHash('sha256').update(body).digest(), body])
}

async function increment(key: string): Promise<void> {
  const found = await store.read(key)
  if (found === undefined) throw new Error(`${key} is missing`)
  const next = Buffer.from(String(Number(Buffer.from(found.bytes).toString()) + 1))
  if (!(await store.write(key, next, { etag: found.etag })).won) await increment(key)
}

async function churnOnce(): Promise<void> {
  const key = `churn/k=${randomInt(4)}/data.parquet`
  const found = await store.head(key)
  if (found !== undefined && randomInt(6) === 0) await store.remove(key)
  else await store.write(key, selfChecked(), found === undefined ? 'absent' : { etag: found.etag })
  await store.write(`once/k=${randomInt(1e9)}/data.parquet`, selfChecked(), 'absent')
}

/** One of a few contents, to one of a few keys, so that the same bytes meet again and again. */
async function mixOnce(): Promise<void> {
  const key = `mix/a=${randomInt(2)}/b=${randomInt(2)}/data.parquet`
  const bytes = Buffer.alloc(1 + randomInt(2) * 1000, randomInt(2))
  const chance = randomInt(6)
  if (chance < 2) await store.write(key, bytes, 'absent')
  else if (chance === 2) await store.write(key, bytes, { etag: (await store.head(key))?.etag ?? '' })
  else if (chance === 3) await store.remove(key)
  else if (chance === 4) await store.read(key)
  else await store.list('mix')
}

const TASKS: Readonly<Record<string, () => Promise<void>>> = {
  async increment() {
    const [key = '', times = ''] = rest
    for (let i = 0; i < Number(times); i++) await increment(key)
  },
  async claim() {
    for (let i = 0; i < Number(rest[0]); i++) {
      const key = `claim/k=${i}/v0001.json`
      if ((await store.write(key, Buffer.from(`${process.pid}`), 'absent')).won) say(`${key} ${process.pid}`)
    }
  },
  async churn() {
    for (;;) {
      await churnOnce()
      say('wrote')
    }
  },
  async mix() {
    const lane = async (): Promise<void> => {
      for (let i = 0; i < Number(rest[0]); i++) await mixOnce()
    }
    await Promise.all([lane(), lane(), lane()])
  },
  async alternate() {
    const [key = '', times = '', ...files] = rest
    const contents = await Promise.all(files.map((file) => readFile(file)))
    for (let i = 0; i < Number(times); i++) {
      const state = await store.head(key)
      const result = await store.write(key, contents[i % contents.length] ?? Buffer.alloc(0), {
        etag: state?.etag ?? '',
      })
      if (!result.won) throw new Error('a lone writer lost')
    }
  },
  async hold() {
    const request = { root, key: 'held', deadlineMs: 1000 }
    await withLock(request, async () => {
      say('held')
      await new Promise((resolve) => process.stdin.once('data', resolve))
    })
  },
}

const run = TASKS[task]
if (run === undefined) throw new Error(`no task "${task}"`)
await run()
process.exit(0)
