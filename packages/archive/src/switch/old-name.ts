// The name under which the old archive stays: what it was called, and the day on which it was put aside.

/** Bytes of a name: NAMEDATALEN - 1. */
const NAME_BYTES_MAX = 63;

/**
 * @param day in UTC.
 * @param taken names that other databases have.
 */
export function oldNameOf(name: string, day: Date, taken: ReadonlySet<string>): string {
  const date = day.toISOString().slice(0, "2024-06-04".length).replaceAll("-", "");
  for (let count = 1; ; count++) {
    const end = `_before_fork_${date}${count === 1 ? "" : `_${count}`}`;
    const made = startOf(name, NAME_BYTES_MAX - end.length) + end;
    if (!taken.has(made)) return made;
  }
}

/** Whole characters of at most that many bytes. */
function startOf(text: string, bytesMax: number): string {
  let start = "";
  for (const character of text) {
    if (Buffer.byteLength(start + character) > bytesMax) break;
    start += character;
  }
  return start;
}
