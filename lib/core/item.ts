/**
 * An item as Tableau sent it, flattened: `@name` for its own attributes, `owner/@id` for those of a child,
 * `description/text()` for an element's text, and the bare path (`tags`) with an empty value for an element that was there.
 * A path that occurs more than once holds all its values in document order. A path that an item lacks may be there as
 * undefined. Ask by paths that hold `@` or `/` alone: an element may be called `constructor`.
 */
export type RawItem = Readonly<Record<string, string | readonly string[] | undefined>>
