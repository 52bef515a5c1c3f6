import type { NotifyTarget, SiteConfiguration } from '../config/configuration.ts'
import { secretPlace } from '../core/secret.ts'
import { fail, ok, type Step, warn } from './check.ts'
import type { MissingSecret } from './setup.ts'
import type { TestMessage } from './subject.ts'

const CHECK_NAME = 'notification'

const named = (targets: readonly NotifyTarget[]): string =>
  targets.map(({ kind, url }) => `${kind} (${secretPlace(url)})`).join(', ')

/** Whether somebody is told of nights that are not whole; `missing` are the secrets that are not there. */
export function notification(
  { notify }: Pick<SiteConfiguration, 'notify'>,
  missing: readonly Pick<MissingSecret, 'reference' | 'next'>[],
): Step<true> {
  if (notify.length === 0)
    return warn(
      CHECK_NAME,
      'nobody is told when a night is not whole',
      'Name a webhook under "notify" in the configuration file.',
      true,
    )
  const silent = notify.filter(({ url }) => missing.some(({ reference }) => reference === url))
  const [first] = missing.filter(({ reference }) => silent.some(({ url }) => url === reference))
  if (first !== undefined)
    return warn(
      CHECK_NAME,
      `nobody is told by ${named(silent)}: the address is not there (see secrets)`,
      first.next,
      true,
    )
  return ok(CHECK_NAME, `${named(notify)}; "almanac doctor --notify-test" sends a message`, true)
}

/** What became of the test messages. */
export function testMessages(sent: readonly TestMessage[]): Step<true> {
  const problems = sent.flatMap(({ target, problem }) => (problem === null ? [] : [`${target}: ${problem}`]))
  if (problems.length === 0)
    return ok('notify-test', `a test message went to ${sent.map(({ target }) => target).join(', ')}`, true)
  return fail(
    'notify-test',
    problems.join('; '),
    'Check the webhook’s address and that it is still there.',
    true,
  )
}
