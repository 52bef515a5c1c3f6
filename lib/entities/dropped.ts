/**
 * What content items repeat of other entities, known and not kept: names that `users`, `projects` and `workbooks`
 * hold themselves, and marks of the reading user.
 */
export const DROPPED_FROM_CONTENT: readonly string[] = [
  'owner/@name',
  'owner/@fullName',
  'owner/@email',
  'owner/@siteRole',
  'owner/@lastLogin',
  'project/@name',
  'project/@description',
  'location/@name',
  '@recentlyViewed',
]
