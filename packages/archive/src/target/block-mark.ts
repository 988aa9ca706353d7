// The progress mark of a stage that follows the chain: the last block that it has processed.

import { ConfigError } from "@forklift/pipeline";

/** As it is saved: heights travel as text, JSON has no bigint. */
export interface BlockMark {
  readonly height: string;
  readonly stateHash: string;
}

/** As many digits as a height can have. */
const HEIGHT = /^\d{1,10}$/;

/**
 * Null where no mark was saved.
 * @throws ConfigError when it is none: whoever may write to the target may write anything there.
 */
export function parseBlockMark(stage: string, mark: unknown): BlockMark | null {
  if (mark === null) return null;
  if (isBlockMark(mark)) return mark;
  throw new ConfigError(
    `the progress mark of ${stage} is ${JSON.stringify(mark)}, expected the height and the state hash ` +
      "of a block",
    { hint: "the target was changed by another program; start again from an empty target" },
  );
}

function isBlockMark(mark: unknown): mark is BlockMark {
  if (typeof mark !== "object" || mark === null) return false;
  if (!("height" in mark && "stateHash" in mark)) return false;
  const { height, stateHash } = mark;
  return typeof height === "string" && HEIGHT.test(height) && typeof stateHash === "string";
}
