import type { Chance } from './chance.ts'

/** How likely each trouble is at each operation of a seed: every seed has a mix of its own, so that none hides another. */
export interface FaultMix {
  /** The store fails before it does anything: throttled, unreachable, denied. */
  readonly failsBefore: number
  /** The store does it, and its answer is lost. */
  readonly failsAfter: number
  /** A conditional write is made, and answered as lost: its answer was lost, and sent again it met what it had written. */
  readonly answersLost: number
  /** The process dies before or after an operation. */
  readonly dies: number
  /** From some operation on, everything of this process fails. */
  readonly breaks: number
  /** Bits of some object rot. */
  readonly rots: number
  /** The site changes between two calls. */
  readonly siteMoves: number
  /** A page lacks an item, or has one twice. */
  readonly lossyPages: number
  /** Tableau does not answer. */
  readonly silentTableau: number
}

/** No trouble at all. */
export const CALM: FaultMix = {
  failsBefore: 0,
  failsAfter: 0,
  answersLost: 0,
  dies: 0,
  breaks: 0,
  rots: 0,
  siteMoves: 0,
  lossyPages: 0,
  silentTableau: 0,
}

/** How likely each is at an operation when it is on at all. */
const WHEN_ON: FaultMix = {
  failsBefore: 0.01,
  failsAfter: 0.02,
  answersLost: 0.06,
  dies: 0.015,
  breaks: 0.004,
  rots: 0.01,
  siteMoves: 0.08,
  lossyPages: 0.06,
  silentTableau: 0.01,
}

/** A seed's mix: each trouble is on in two seeds of five; one seed in ten has none at all. */
export function faultMix(chance: Chance): FaultMix {
  if (chance.flip(0.1)) return CALM
  const entries = Object.entries(WHEN_ON).map(([name, rate]) => [
    name,
    chance.flip(0.4) ? rate * (0.5 + 2 * chance.next()) : 0,
  ])
  return { ...CALM, ...Object.fromEntries(entries) }
}
