/**
 * An item as Tableau sent it, flattened: `@name` for its own attributes, `owner/@id` for those of a child,
 * `description/text()` for an element's text, and the bare path (`tags`) with an empty value for an element that was there.
 * A path that occurs more than once holds all its values in document order. Has no prototype.
 */
export type RawItem = Readonly<Record<string, string | readonly string[]>>
