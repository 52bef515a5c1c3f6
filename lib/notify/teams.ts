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

interface TextRun {
  readonly type: 'TextRun'
  readonly text: string
  readonly weight?: 'Bolder'
  readonly size?: 'Large'
  readonly fontType?: 'Monospace'
  readonly isSubtle?: true
}

/** One line of text. A TextRun knows no Markdown (Adaptive Cards, schema explorer), so that no name can hide a link. */
interface TextLine {
  readonly type: 'RichTextBlock'
  readonly inlines: readonly TextRun[]
}

interface Container {
  readonly type: 'Container'
  readonly separator: true
  readonly items: readonly TextLine[]
}

/** A message as a Teams workflow takes it: an Adaptive Card in an envelope (Microsoft's reference, Workflows). */
export interface TeamsMessage {
  readonly type: 'message'
  readonly attachments: readonly [
    {
      readonly contentType: 'application/vnd.microsoft.card.adaptive'
      readonly contentUrl: null
      readonly content: {
        readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json'
        readonly type: 'AdaptiveCard'
        readonly version: '1.4'
        readonly fallbackText: string
        readonly body: readonly (TextLine | Container)[]
      }
    },
  ]
}

/** Teams takes 28 KB for each message (Microsoft's reference, Limits); the envelope and the first and last line need a little. */
const NEWS_BYTES = 24_000

const line = (text: string, look: Omit<TextRun, 'type' | 'text'> = {}): TextLine => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text, ...look }],
})

const container = ({ title, doFirst, command, detail }: Paragraph): Container => ({
  type: 'Container',
  separator: true,
  items: [
    line(title, { weight: 'Bolder' }),
    ...(doFirst === null ? [] : [line(`Do first: ${doFirst}`)]),
    ...(command === null ? [] : [line(command, { fontType: 'Monospace' })]),
    line(detail, { isSubtle: true }),
  ],
})

/** A letter for a Teams channel, within Teams' limit. */
export function teamsMessage(letter: Letter): TeamsMessage {
  const all = inOrder(letter.news).map((news) => container(paragraphOf(news)))
  const shown = fitting(all, NEWS_BYTES, all.length)
  const left = all.length - shown.length
  const first = headline(letter)
  const body = [
    line(first, { weight: 'Bolder', size: 'Large' }),
    ...shown,
    ...(left === 0 ? [] : [line(andMore(left))]),
    line(footer(letter).slice(0, 500).toWellFormed(), { isSubtle: true }),
  ]
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    fallbackText: first,
    body,
  } as const
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  }
}
