/**
 * An object that has these keys, all of one value, laid out as V8 lays out objects of one shape. Filling a copy of it
 * (`{ ...blank }`) is several times quicker than growing an empty object, which becomes a hash table at about its
 * thirteenth key. Made from JSON, since that makes `__proto__` a key like any other.
 */
export function blankOf<V>(keys: Iterable<string>, value: V): Record<string, V> {
  const blank: Record<string, V> = JSON.parse(
    JSON.stringify(Object.fromEntries([...keys].map((key) => [key, 0]))),
  )
  for (const key of Object.keys(blank)) blank[key] = value
  return blank
}
