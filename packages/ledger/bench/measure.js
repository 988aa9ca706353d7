// Times measured in turn. A shared machine is never quiet, but a busy moment can only make a run
// slower: so the fastest run of each counts, and what is compared is measured side by side.

/**
 * @param subjects objects with `operations` and `run(round)`, which may return the milliseconds it
 * took when only it can tell; null ones are left out.
 * @returns microseconds an operation, or null, in the order of the subjects.
 */
export function fastestUs(subjects, rounds) {
  const fastest = subjects.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [at, subject] of subjects.entries()) {
      if (subject === null) continue;
      const start = performance.now();
      const own = subject.run(round);
      const elapsedMs = typeof own === "number" ? own : performance.now() - start;
      fastest[at] = Math.min(fastest[at], (1000 * elapsedMs) / subject.operations);
    }
  }
  return fastest.map((us, at) => (subjects[at] === null ? null : us));
}
