// Is what an earlier run has proven still what it was?

import type { TableCheck } from "../check.ts";
import { readVersion } from "../proven-part.ts";
import { digestTable } from "../table-digests.ts";
import { FILLED_TABLES } from "../tables.ts";

export const provenPartUnchanged: TableCheck = {
  id: "proven-part-unchanged",
  name: "the part that was proven before is unchanged",
  needs: ["proven part"],

  async run({ target, proven: part }, findings) {
    const { height, stateHash, versions, digests } = part!;
    const [block] = await target.query<{ state_hash: string }>(
      "select state_hash from blocks where height = $1",
      [height],
    );
    const place = { table: "blocks", key: `height ${height}`, column: "state_hash" };
    findings.compare(place, stateHash, block?.state_hash ?? "no block");
    for (const table of FILLED_TABLES) {
      findings.rowCompared();
      const { last, rows, sum } = versions[table]!;
      const now = await readVersion(target, table, last);
      if (now.rows === rows && now.sum === sum) continue;
      const digest = await digestTable(target, table, { upTo: last });
      const key = `rows of heights up to ${height}`;
      findings.compare({ table, key, column: "digest" }, digests[table]!, digest);
    }
  },
};
