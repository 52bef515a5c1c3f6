/** The folder of the clone. */
export const ROOT: string
/** Whether this file is what Node was started with. */
export function isMain(url: string): boolean
/** Ends the process when this Node is too old. */
export function requireNode(): void
/** Paths in node_modules of what package-lock.json asks for and is not installed so. Throws without a lock file. */
export function missingPackages(root: string, withDev: boolean): readonly string[]
/** Installs when something is missing. Ends the process when npm fails. */
export function ensureInstalled(withDev: boolean): void
