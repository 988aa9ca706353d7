// SQL identifiers and literals, quoted. Values in statements are parameters; these are for the
// positions where SQL takes none: names, and what is written into a dump.

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** For servers with standard_conforming_strings on, as it has been since 9.1. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
