/** An answer that says no: the HTTP status, Tableau's code, and its words. */
export type Refusal = { status: number; code: string; summary: string; detail: string }

/** Thrown by whatever finds that a request must be refused; the server turns it into the answer. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.detail}`)
    this.refusal = refusal
  }
}

const known = {
  400000: [400, 'Bad Request'],
  400006: [400, 'Bad Request'],
  400007: [400, 'Bad Request'],
  400008: [400, 'Bad Request'],
  401000: [401, 'Unauthorized Access'],
  401001: [401, 'Signin Error'],
  401002: [401, 'Unauthorized Access'],
  401003: [401, 'Switch Site Error'],
  403004: [403, 'Forbidden'],
  403014: [403, 'Page Size Limit Exceeded'],
  403018: [403, 'Forbidden'],
  403070: [403, 'Forbidden'],
  403133: [403, 'Forbidden'],
  404000: [404, 'Resource Not Found'],
  404001: [404, 'Resource Not Found'],
  404002: [404, 'Resource Not Found'],
  404003: [404, 'Resource Not Found'],
  404004: [404, 'Resource Not Found'],
  404005: [404, 'Resource Not Found'],
  404006: [404, 'Resource Not Found'],
  404011: [404, 'Resource Not Found'],
  404012: [404, 'Resource Not Found'],
  404018: [404, 'Resource Not Found'],
  405000: [405, 'Invalid Request Method'],
} as const

/** The codes that the simulator answers of its own accord (Tableau help: Handling Errors). */
export type Code = keyof typeof known

/** The error to throw for a code; a status other than the code's usual one is said. */
export const refused = (code: Code, detail: string, status: number = known[code][0]): Refused =>
  new Refused({ status, code: String(code), summary: known[code][1], detail })
