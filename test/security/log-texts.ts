/** Signs that begin what a terminal obeys. */
const [ESC, BEL, CSI, OSC, DCS, ST, NEL] = [
  '\u001b',
  '\u0007',
  '\u009b',
  '\u009d',
  '\u0090',
  '\u009c',
  '\u0085',
]

/**
 * Texts that would write a line of their own into a log, move a terminal's cursor, change its title or clipboard, hide a
 * link, or turn the direction of what follows.
 */
export const LOG_TEXTS: readonly string[] = [
  'a\n{"time":"2026-11-01T00:00:00.000Z","level":"info","event":"run-ended","forged":true}',
  'a\r{"level":"info","forged":true}',
  'a\r\nerror forged: all is well',
  'a\n\n\nb',
  `a${NEL}forged by NEL`,
  'a\u2028forged by LS',
  'a\u2029forged by PS',
  'a\vb',
  'a\fb',
  'a\bb\b\b\bforged',
  'a\0b',
  'a\u007fb',
  `${ESC}[2J${ESC}[H forged screen`,
  `${ESC}[31mred${ESC}[0m`,
  `${ESC}[1A${ESC}[2K forged line`,
  `${ESC}[8mhidden${ESC}[28m`,
  `${ESC}[?1049h`,
  `${ESC}[6n`,
  `${ESC}c`,
  `${ESC}(0`,
  `${ESC}]0;forged title${BEL}`,
  `${ESC}]8;;https://evil.example${ESC}\\link${ESC}]8;;${ESC}\\`,
  `${ESC}]8;;https://evil.example${BEL}link${ESC}]8;;${BEL}`,
  `${ESC}]52;c;Zm9yZ2Vk${BEL}`,
  `${ESC}]1337;File=name=eA==:AAAA${BEL}`,
  `${ESC}P+q544e${ESC}\\`,
  `${ESC}_G forged image${ESC}\\`,
  `${ESC}^private${ESC}\\`,
  `${CSI}2J`,
  `${CSI}31mred`,
  `${OSC}0;forged title${ST}`,
  `${OSC}52;c;Zm9yZ2Vk${ST}`,
  `${DCS}forged${ST}`,
  BEL.repeat(3),
  'report\u202excod.exe',
  '\u202a\u202b\u202c\u202d',
  '\u2066a\u2067b\u2068c\u2069',
  '\u200fa\u200eb\u061c',
  'a"}\n{"level":"info"',
  'a\\n{"level":"info"}',
  '</summary><summary>forged',
  '%0a%0dforged',
  '\\u001b[31m',
]

/** Whether a text does something to whoever shows it: a control character, a line end of any kind, a turn of direction. */
export const acts = (text: string): boolean =>
  /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text)
