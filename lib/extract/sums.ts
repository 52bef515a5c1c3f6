import type { Sums } from '../core/checkpoint.ts'
import { addCosts } from '../tableau/calls.ts'
import { type ListProof, NO_COST } from './list.ts'

/** The sums of nothing. */
export const NO_SUMS: Sums = {
  rows: 0,
  firstTotal: 0,
  lastTotal: 0,
  pages: 0,
  passes: 0,
  duplicates: 0,
  surplus: 0,
  observedTo: 0,
  cost: NO_COST,
}

/** The sums with what a list took, none of whose rows are kept. */
export const withEffort = (sums: Sums, proof: ListProof): Sums => ({
  ...sums,
  pages: sums.pages + proof.pages,
  passes: Math.max(sums.passes, proof.passes),
  duplicates: sums.duplicates + proof.duplicates,
  observedTo: Math.max(sums.observedTo, proof.observedTo),
  cost: addCosts(sums.cost, proof.cost),
})

/** The sums with a list and its rows. */
export const withList = (sums: Sums, proof: ListProof, rows: number): Sums => ({
  ...withEffort(sums, proof),
  rows: sums.rows + rows,
  firstTotal: sums.firstTotal + (proof.pass.firstTotal ?? 0),
  lastTotal: sums.lastTotal + (proof.pass.lastTotal ?? 0),
  surplus: sums.surplus + proof.surplus,
})
