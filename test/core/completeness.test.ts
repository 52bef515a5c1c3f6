import { describe, expect, test } from 'vitest'
import { constantSurplus, type PassTally, passFault } from '../../lib/core/completeness.ts'

const pass = (
  firstTotal: number | null,
  lastTotal: number | null,
  received: number,
  unique = received,
): PassTally => ({ firstTotal, lastTotal, received, unique })

describe('a pass', () => {
  test.each<[string, PassTally, string | null]>([
    ['as many as announced', pass(3, 3, 3), null],
    ['an empty list', pass(0, 0, 0), null],
    ['nothing announced', pass(null, null, 3), null],
    ['too few', pass(3, 3, 2), 'Tableau announced 3 rows and delivered 2'],
    ['too many', pass(3, 3, 4), 'Tableau announced 3 rows and delivered 4'],
    ['a double in place of another', pass(3, 3, 3, 2), '1 of 3 rows came twice'],
    ['a double besides', pass(3, 3, 4, 3), '1 of 4 rows came twice'],
    ['doubles where nothing is announced', pass(null, null, 3, 2), '1 of 3 rows came twice'],
    ['a list that grew', pass(3, 4, 3), 'Tableau announced 3 rows on the first page and 4 on the last'],
    [
      'a list that grew and came whole',
      pass(3, 4, 4),
      'Tableau announced 3 rows on the first page and 4 on the last',
    ],
    ['a list that shrank', pass(3, 2, 3), 'Tableau announced 3 rows on the first page and 2 on the last'],
  ])('%s', (_, tally, fault) => {
    expect(passFault(tally)).toBe(fault)
  })
})

describe('a constant surplus', () => {
  const short = pass(409, 409, 400)
  test.each<[string, readonly PassTally[], boolean, number | undefined]>([
    ['three times the same', [short, short, short], true, 9],
    ['only twice', [short, short], true, undefined],
    ['other ids', [short, short, short], false, undefined],
    ['another surplus once', [short, pass(410, 410, 400), short], true, undefined],
    ['doubles once', [short, pass(409, 409, 401, 400), short], true, undefined],
    ['totals that differ once', [short, pass(409, 410, 400), short], true, undefined],
    ['more than announced', [pass(3, 3, 4), pass(3, 3, 4), pass(3, 3, 4)], true, undefined],
    ['no surplus', [pass(3, 3, 3), pass(3, 3, 3), pass(3, 3, 3)], true, undefined],
    ['nothing announced', [pass(null, null, 3), pass(null, null, 3), pass(null, null, 3)], true, undefined],
  ])('%s', (_, passes, sameIds, surplus) => {
    expect(constantSurplus(passes, sameIds)).toBe(surplus)
  })
})
