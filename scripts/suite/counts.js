// The counts of a test run, and the one line that reports them: "N passed, N failed", with ", N
// skipped" behind it where some were. Programs read that line, so there is one of it, at the very
// end.

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** @param {Counts} counts */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * The counts that a line says, or null where it is any other line.
 *
 * @param {string} line
 * @returns {Counts | null}
 */
export function countsIn(line) {
  const found = CLOSING_LINE.exec(line);
  if (found === null) return null;
  const [passed, failed, skipped = 0] = found.slice(1).map((text) => Number(text ?? 0));
  return { passed, failed, skipped };
}

/**
 * What a step has counted. One that counts nothing is itself one check; one that failed without
 * counting a failure, because it could not even begin, is a failure more.
 *
 * @param {{ exit: number | null, counts: Counts | null }} step exit: null where a signal ended it
 * @returns {Counts}
 */
export function countsOfStep({ exit, counts }) {
  const isGood = exit === 0;
  if (counts === null) return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0 };
  return isGood || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sumOf(all) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}
