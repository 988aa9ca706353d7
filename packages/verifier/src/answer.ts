// The answer of a verification: yes, yes except for what it did not prove, or no.

/** `no answer`: nothing is known against the target, and a check lacked what it needs. */
export const VERDICTS = ["yes", "yes, except", "no", "no answer"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A part of the claim "the target is the history of the chain that the network agreed on". */
export interface NotProven {
  /** Reads on after "yes, except". */
  readonly claim: string;
  readonly why: string;
  /** `table.column` of the columns that the claim is about; empty where it is about no column. */
  readonly columns: readonly string[];
}

export interface Answer {
  readonly answer: Verdict;
  /** Empty after a plain yes. */
  readonly notProven: readonly NotProven[];
}
