import type { NotifyTarget } from '../config/configuration.ts'
import { secretPlace } from '../core/secret.ts'
import { sha256 } from '../core/sha256.ts'
import { jsonMessage } from './json.ts'
import type { Letter } from './letter.ts'
import { slackMessage } from './slack.ts'
import { teamsMessage } from './teams.ts'

/** A target as people see it: what it is and where its address is kept. */
export const targetName = ({ kind, url }: NotifyTarget): string => `${kind} webhook (${secretPlace(url)})`

/** A target as the warehouse knows it: 64 hex digits, the same as long as its address is kept in the same place. */
export const targetId = ({ kind, url }: NotifyTarget): string => sha256(`${kind}\n${secretPlace(url)}`)

/** The targets, each once: named twice it is still told once. */
export const distinct = (targets: readonly NotifyTarget[]): readonly NotifyTarget[] => [
  ...new Map(targets.map((target) => [targetId(target), target])).values(),
]

const SHAPES: Readonly<Record<NotifyTarget['kind'], (letter: Letter) => object>> = {
  slack: slackMessage,
  teams: teamsMessage,
  json: jsonMessage,
}

/** The body of a message to a target. */
export const bodyFor = ({ kind }: NotifyTarget, letter: Letter): string =>
  JSON.stringify(SHAPES[kind](letter))
