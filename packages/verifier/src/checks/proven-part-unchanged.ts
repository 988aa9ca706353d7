// Is what an earlier run has proven still what it was?

import { isDeepStrictEqual } from "node:util";
import type { TableCheck } from "../check.ts";
import { settledPart, settledRows } from "../proven-part.ts";
import { digestTable } from "../table-digests.ts";
import { FILLED_TABLES } from "../tables.ts";

export const provenPartUnchanged: TableCheck = {
  id: "proven-part-unchanged",
  name: "the part that was proven before is unchanged",
  needs: ["proven part"],

  async run({ target, proven: part, settledVersions }, findings) {
    const { height, stateHash } = part!;
    const { versions, digests } = settledPart(part!);
    const [block] = await target.query<{ state_hash: string }>(
      "select state_hash from blocks where height = $1 order by chain_status, state_hash limit 1",
      [height],
    );
    const place = { table: "blocks", key: `height ${height}`, column: "state_hash" };
    findings.compare(place, stateHash, block?.state_hash ?? "no block");
    const areUntouched = isDeepStrictEqual(await settledVersions!(target), versions);
    for (const table of FILLED_TABLES) {
      findings.rowCompared();
      // Of all tables or none: where two rows swap their ids, the digest that changes is that of
      // the rows which refer to them, and those have not been written.
      if (areUntouched) continue;
      const digest = await digestTable(target, table, settledRows(table, part!));
      const key = `rows of heights up to ${height}`;
      findings.compare({ table, key, column: "digest" }, digests[table]!, digest);
    }
  },
};
