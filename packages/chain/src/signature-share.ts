// Of which blocks the signatures of user commands are checked.

import { FormatError } from "./format-error.ts";

/**
 * `new`: of all blocks that a run reads; `all`: of every block, also of those that an earlier run has proven; a share:
 * of so many percent of the blocks that are read, chosen at random.
 */
export type SignatureShare =
  | { readonly which: "all" | "new" | "none" }
  | { readonly which: "share"; readonly percent: number };

const EXPECTED = "expected all, new, none or a share of the blocks, such as 5%";

/** @throws FormatError for anything but `all`, `new`, `none` and `N%` with N from 1 to 100. */
export function parseSignatureShare(text: string): SignatureShare {
  if (text === "all" || text === "new" || text === "none") return { which: text };
  const percent = Number(/^([1-9][0-9]{0,2})%$/.exec(text)?.[1] ?? Number.NaN);
  if (!(percent <= 100)) throw new FormatError(EXPECTED);
  return { which: "share", percent };
}

/** As it is written in options and configurations. */
export function textOfShare(share: SignatureShare): string {
  return share.which === "share" ? `${share.percent}%` : share.which;
}
