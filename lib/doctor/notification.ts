import type { SiteConfiguration } from '../config/configuration.ts'
import { secretPlace } from '../core/secret.ts'
import { fail, ok, type Step, warn } from './check.ts'
import type { TestMessage } from './subject.ts'

const CHECK_NAME = 'notification'

/** Whether somebody is told of nights that are not whole. */
export function notification({ notify }: Pick<SiteConfiguration, 'notify'>): Step<true> {
  if (notify.length === 0)
    return warn(
      CHECK_NAME,
      'nobody is told when a night is not whole',
      'Name a webhook under "notify" in the configuration file.',
      true,
    )
  const targets = notify.map(({ kind, url }) => `${kind} (${secretPlace(url)})`)
  return ok(CHECK_NAME, `${targets.join(', ')}; "almanac doctor --notify-test" sends a message`, true)
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
