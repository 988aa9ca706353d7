// Parses values of the source's rows; a malformed one is a `SourceDataError`.

import {
  type BlockRef,
  FormatError,
  parseStateHash,
  parseUnsigned,
  UINT32_MAX,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";

/** Of a block's row, as the source has it; its state hash need not be one. */
export interface RowOfBlock {
  readonly height: string;
  readonly state_hash: string;
}

/** @throws SourceDataError naming block and column when `parse` refuses the value. */
export function parseColumn<Row extends RowOfBlock, Column extends keyof Row, Value>(
  row: Row,
  column: Column,
  parse: (text: Row[Column]) => Value,
): Value {
  try {
    if (row[column] === null) throw new FormatError("it is null");
    return parse(row[column]);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new SourceDataError(
      `block ${row.state_hash} at height ${row.height}: blocks.${String(column)} of the source is malformed: ` +
        error.message,
      { cause: error, hint: "the source archive's row is wrong; repair it, then run again" },
    );
  }
}

/** @throws SourceDataError for a height or a state hash that is none. */
export function blockRef(row: RowOfBlock): BlockRef {
  return {
    height: parseColumn(row, "height", (text) => parseUnsigned(text, UINT32_MAX)),
    stateHash: parseColumn(row, "state_hash", parseStateHash),
  };
}
