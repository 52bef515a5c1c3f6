import { ERRORS } from '../../lib/core/errors.ts'
import { code, GENERATED, markdownTable, type Page, paragraphs } from './markdown.ts'

const EXITS: readonly (readonly [string, string])[] = [
  ['0', 'Done. An entity that the server is too old for (`unsupported`) is no failure.'],
  ['1', 'Failed. Wins over the others.'],
  ['2', 'The command or the configuration is wrong; nothing was tried.'],
  ['3', 'Data is incomplete, guarded or forbidden; what was there before stands.'],
  ['130', 'Interrupted: signed out, nothing half published.'],
]

/** The page of all errors: what each means for the caller, and what to do. */
export function troubleshootingPage(): Page {
  const rows = Object.entries(ERRORS).map(([name, { exit, retryable, next }]) => [
    code(name),
    String(exit),
    retryable ? 'yes' : 'no',
    next,
  ])
  return {
    path: 'docs/troubleshooting.md',
    text: paragraphs([
      GENERATED,
      '# Troubleshooting',
      'Every failure is two lines: `error`, one of the codes below, and what it is about, where, and the value that was in the way; then `next`, what to do.',
      '## Exit codes',
      markdownTable(
        ['exit', 'meaning'],
        EXITS.map(([exit, meaning]) => [exit, meaning]),
      ),
      '## Errors',
      'Retry says whether the same command may work later without any change.',
      markdownTable(['code', 'exit', 'retry', 'what to do'], rows),
    ]),
  }
}
