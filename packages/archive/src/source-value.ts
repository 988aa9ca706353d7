// Values of the source's rows: whoever wrote them, a wrong one is the source's fault.

import { FormatError } from "@forklift/chain";
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
    return parse(row[column]);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new SourceDataError(
      `block ${row.state_hash} at height ${row.height}: ${String(column)} of the source is malformed: ` +
        error.message,
      { cause: error, hint: "the source archive's row is wrong; repair it, then run again" },
    );
  }
}
