import { buildWhenChanged } from '../../bin/build.mjs'

/** Before any test, the program is built when its sources changed: tests that start it start what is shipped. */
export async function setup() {
  await buildWhenChanged()
}
