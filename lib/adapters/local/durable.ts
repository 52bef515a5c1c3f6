import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the names in a folder survive a loss of power. Windows cannot open a folder, and keeps no promise here. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await sync(path, 'r')
}

/** Makes a file's bytes survive a loss of power. */
export const syncFile = (path: string): Promise<void> => sync(path, 'r+')

/** Makes the folders from `first` (the outermost that was missing) down to `path` survive a loss of power. */
export async function syncFolders(first: string, path: string): Promise<void> {
  for (let folder = path; folder.length >= first.length; folder = dirname(folder))
    await syncFolder(dirname(folder))
}

/** Makes a folder and those above it that are missing, durably. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first !== undefined) await syncFolders(first, path)
}

/** Makes a new file of these bytes, durably; its name is durable only after `syncFolder`. Returns the file's number. */
export async function writeFile(path: string, bytes: Uint8Array): Promise<string> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
    return String((await handle.stat({ bigint: true })).ino)
  } finally {
    await handle.close()
  }
}
