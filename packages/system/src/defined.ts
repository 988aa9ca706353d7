// Options that may be left out: the compiler distinguishes a key without a value from a missing
// one.

/** The given keys without those whose value is undefined. */
export function defined<Values extends object>(
  values: Values,
): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> };
}
