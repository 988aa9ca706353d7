// The fault plan of the soak test: which fault happens on which day, besides the storage errors.

/** Fewer would leave no day between two faults. */
const DAYS_MIN = 5;

/** One of each, spread over the days. The first night is that of prime. */
export function planDays(count) {
  if (!(count >= DAYS_MIN)) throw new Error(`--days is ${count}, expected ${DAYS_MIN} at least`);
  const days = Array.from({ length: count }, () => ({}));
  const at = (share) => days[Math.floor(count * share)];
  // The publication breaks off before its manifest.
  at(0.25).isTorn = true;
  // Somebody starts a second run while the first works.
  at(0.5).isOverlapped = true;
  // Afterwards a file of the newest set is truncated: the next day must not build on it.
  at(0.5).isCutAfterwards = true;
  // The dump does not come; it does the night after.
  at(0.7).isMissing = true;
  return days;
}
