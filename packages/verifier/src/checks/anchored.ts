// Does the chain pass through the one block that is trusted?

import type { TableCheck } from "../check.ts";

export const anchored: TableCheck = {
  id: "anchored",
  name: "the anchor stands on the chain",
  needs: [],

  async run({ target, anchor }, findings) {
    const rows = await target.query<{ state_hash: string }>(
      "select state_hash from blocks where height = $1 order by chain_status",
      [anchor.height],
    );
    findings.rowCompared();
    const place = { table: "blocks", key: `height ${anchor.height}`, column: "state_hash" };
    findings.compare(place, anchor.stateHash, rows[0]?.state_hash ?? "no block");
  },
};
