import {
  andMore,
  fitting,
  footer,
  headline,
  inOrder,
  type Letter,
  type Paragraph,
  paragraphOf,
} from './letter.ts'

/** A section of mrkdwn. `verbatim`: Slack makes no links and mentions of plain words. */
export interface SlackBlock {
  readonly type: 'section'
  readonly text: { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true }
}

/** A message as Slack's incoming webhooks take it; `text` is what a notification shows. */
export interface SlackMessage {
  readonly text: string
  readonly blocks: readonly SlackBlock[]
}

/**
 * Slack's limits: 50 blocks, 3,000 characters for each text (Slack's reference, Blocks and Text object). The bound of the
 * whole is our own, since Slack refuses long messages without saying where that begins.
 */
const MOST_NEWS = 45
const NEWS_BYTES = 12_000

/** The three characters that Slack reads as its own (Slack's reference, Formatting text), and mentions by name. */
const MARKS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '@': '@\u2060' }

/** A text that Slack shows as it is, of at most `length` characters after escaping. Never cut within an escape. */
function escaped(text: string, length: number, marks = MARKS): string {
  let shown = ''
  for (const character of text) {
    const next = marks[character] ?? character
    if (shown.length + next.length >= length) return `${shown}…`
    shown += next
  }
  return shown
}

// A command is pasted, so that nothing unseen may be put into it; nobody is called by what stands in code.
const { '@': _mention, ...COMMAND_MARKS } = MARKS

const section = (text: string): SlackBlock => ({
  type: 'section',
  text: { type: 'mrkdwn', text, verbatim: true },
})

/** A command is shown whole or not at all. */
function commandLine(command: string | null): string[] {
  if (command === null) return []
  const text = escaped(command, 1_200, COMMAND_MARKS)
  return text.endsWith('…') ? [] : [`\`\`\`${text}\`\`\``]
}

/** Each line is bounded so that the section is: 200 + 500 + 1,200 + 900 and a little for the marks. */
function newsSection({ title, doFirst, command, detail }: Paragraph): SlackBlock {
  const lines = [
    `*${escaped(title, 200)}*`,
    ...(doFirst === null ? [] : [`Do first: ${escaped(doFirst, 500)}`]),
    ...commandLine(command),
    escaped(detail, 900),
  ]
  return section(lines.join('\n'))
}

/** A letter for a Slack channel, within Slack's limits. */
export function slackMessage(letter: Letter): SlackMessage {
  const sections = inOrder(letter.news).map((news) => newsSection(paragraphOf(news)))
  const shown = fitting(sections, NEWS_BYTES, MOST_NEWS)
  const left = sections.length - shown.length
  const first = escaped(headline(letter), 500)
  return {
    text: first,
    blocks: [
      section(`*${first}*`),
      ...shown,
      ...(left === 0 ? [] : [section(andMore(left))]),
      section(escaped(footer(letter), 500)),
    ],
  }
}
