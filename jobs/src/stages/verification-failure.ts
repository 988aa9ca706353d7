// The error of a job whose verification failed.

import {
  ConfigError,
  type ForkliftError,
  SourceDataError,
  VerificationError,
} from "@forklift/pipeline";
import { toJson, type VerificationReport } from "@forklift/verifier";

/** How many rows all its checks have looked at together. */
export function comparedIn({ checks }: VerificationReport): number {
  return checks.reduce((sum, { compared }) => sum + compared, 0);
}

/**
 * Names the first difference of every check that failed; the report goes with it. Where nothing is known
 * against the target but what the checks lack, it is that which is at fault.
 */
export function verificationFailure(report: VerificationReport, hint: string): ForkliftError {
  const failed = report.checks.filter(({ ok }) => !ok);
  // The databases of a job may be gone when somebody reads this.
  const details = { report: toJson(report) };
  const unanswered = failed.map((check) => check.unanswered);
  const [first] = unanswered;
  if (first !== undefined && unanswered.every((reason) => reason !== undefined)) {
    const message = `${failed.map(({ id }) => id).join(", ")}: no answer: ${first.message}`;
    const options = { cause: first, details, hint: first.hint };
    return first instanceof ConfigError
      ? new ConfigError(message, options)
      : new SourceDataError(message, options);
  }
  const sentences = failed.map(({ id, differenceCount, differences: [difference] }) => {
    if (difference === undefined) return id;
    const { table, key, column, expected, found } = difference;
    const more = differenceCount > 1 ? ` (and ${differenceCount - 1} more)` : "";
    return `${id}: ${table} ${key} ${column} is ${found}, expected ${expected}${more}`;
  });
  return new VerificationError(sentences.join("; "), { hint, details });
}
