import type { Socket } from 'node:net'
import type { ErrorCode } from '../../lib/core/errors.ts'
import type { Endpoint, PageFacts, Sort } from './world.ts'

/** A request to the endpoint that misbehaves, and what a good server would answer. */
export interface Good {
  readonly endpoint: Endpoint
  readonly xml: string
  /** What was asked for; number 1 where there are no pages. */
  readonly page: PageFacts
  /** How often the endpoint was called before. */
  readonly calls: number
  /** The other host: redirects lead there, and it must never hear from us. Without a slash at the end. */
  readonly other: string
  /** This server's own address. Without a slash at the end. */
  readonly own: string
}

/** An HTTP answer: 200, XML in UTF-8 unless said otherwise. A header that is null is not sent. */
export interface HttpAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>
  readonly body?: string | Buffer
}

/** What is answered: by HTTP's rules, or byte by byte on the socket. */
export type Answer = HttpAnswer | { readonly wire: (socket: Socket) => void }

/** Turns a good answer into a hostile one. */
export type Spoil = (good: Good) => Answer

/** A landed row: cells by column. */
export type LandedRow = Readonly<Record<string, unknown>>

/** As much of rows as must be the same as a good site's. */
export type View = (rows: readonly LandedRow[]) => readonly LandedRow[]

const ALL: View = (rows) => rows

/**
 * What must become of a hostile answer. `refused`: a typed error with one of these codes, and nothing lands. `harmless`:
 * exactly the right rows. `either`: one of the two. `same` says how much of the rows must be the same then.
 */
export interface Expectation {
  readonly is: 'refused' | 'harmless' | 'either'
  readonly codes: readonly ErrorCode[]
  readonly same: View
}

/** One named way to misbehave, and the sorts of endpoints that it makes sense for. */
export interface Kind {
  readonly name: string
  readonly on: readonly Sort[]
  readonly spoil: Spoil
  readonly expect: Expectation
  /** What differs at single endpoints, by their names. */
  readonly but?: Readonly<Record<string, Expectation>>
  /** Endpoints where it can be tried; all of its sorts when absent. */
  readonly only?: readonly string[]
  /** It is mostly waited for, so that others may be tried meanwhile. */
  readonly waits?: boolean
}

/** It must be refused with one of these codes. */
export const refused = (...codes: readonly ErrorCode[]): Expectation => ({
  is: 'refused',
  codes,
  same: ALL,
})

/** Cut, garbled, or not what was asked for. */
export const MALFORMED = refused('malformed-response')

/** The rows must be right. */
export const HARMLESS: Expectation = { is: 'harmless', codes: [], same: ALL }

/** The rows must be right as far as one looks. */
export const seenAs = (same: View): Expectation => ({ is: 'harmless', codes: [], same })

/** The rows must be right but for `raw_extra`, which keeps what no column names. */
export const KEPT: Expectation = seenAs((rows) => rows.map((row) => ({ ...row, raw_extra: null })))

/** The same rows must be there, by their ids; what is in them is not looked at. */
export const SAME_IDS: Expectation = seenAs((rows) => rows.map((row) => ({ id: row['id'] })))

/** Either is honest: the right rows, or one of these codes. */
export const either = (...codes: readonly ErrorCode[]): Expectation => ({ is: 'either', codes, same: ALL })

/** A row of a table of kinds: its name, what it does, what must come of it, and what differs where. */
export type Line = readonly [
  name: string,
  spoil: Spoil,
  expect: Expectation,
  more?: Pick<Kind, 'but' | 'only' | 'waits'>,
]

/** Kinds from the lines of a table. */
export const kindsOn = (on: readonly Sort[], lines: readonly Line[]): readonly Kind[] =>
  lines.map(([name, spoil, expect, more]) => ({ name, on, spoil, expect, ...more }))

/** Everything but signing out, whose answer is not read for rows, and may be anything. */
export const READ: readonly Sort[] = ['list', 'single', 'door']

/** Answers with the good XML, changed. */
export const text =
  (change: (xml: string, good: Good) => string | Buffer): Spoil =>
  (good) => ({ body: change(good.xml, good) })

/** Answers with this body whatever was asked. */
export const body = (fixed: string | Buffer): Spoil => text(() => fixed)

/** The good XML with other headers. */
export const headed =
  (
    headers: NonNullable<HttpAnswer['headers']>,
    change: (xml: string) => string | Buffer = (xml) => xml,
  ): Spoil =>
  ({ xml }) => ({ headers, body: change(xml) })

/** A status with a body. */
export const status =
  (code: number, content: string | Buffer = '', headers: NonNullable<HttpAnswer['headers']> = {}): Spoil =>
  () => ({ status: code, body: content, headers })

/** Speaks on the socket itself. */
export const wire =
  (speak: (socket: Socket, good: Good) => void): Spoil =>
  (good) => ({ wire: (socket) => speak(socket, good) })

/** Misbehaves so many times, then never again. */
export const times =
  (count: number, spoil: Spoil): Spoil =>
  (good) =>
    good.calls < count ? spoil(good) : { body: good.xml }

/** Misbehaves once. */
export const once = (spoil: Spoil): Spoil => times(1, spoil)
