// Does the target hold the canonical blocks of its chain and no others?

import type { ArchiveCheck } from "../check.ts";

export const nothingButCanonical: ArchiveCheck = {
  id: "nothing-but-canonical",
  name: "one canonical block at each height, and no other block",

  async run({ target, tip }, findings) {
    let height = 0n;
    const blocks = target.rows<{ height: string; state_hash: string; chain_status: string }>(
      `select height, state_hash, chain_status from blocks
       order by height, chain_status, state_hash collate "C"`,
    );
    for await (const block of blocks) {
      findings.rowCompared();
      const key = `height ${block.height}, state_hash ${block.state_hash}`;
      const place = { table: "blocks", key };
      const found = BigInt(block.height);
      if (found !== height + 1n) {
        const expected = `one block at height ${height + 1n}`;
        findings.add({ ...place, column: "height", expected, found: block.height });
      }
      const { chain_status: status } = block;
      findings.compare({ ...place, column: "chain_status" }, "canonical", status);
      height = found;
    }
    const place = { table: "blocks", key: "all", column: "count" };
    findings.compare(place, String(tip.height), String(findings.compared));
  },
};
