// Does the chain pass through the one block that is trusted, and does its tip belong to it: as a block of
// the source where there is one, and none above the one that the network forked from?

import type { TableCheck } from "../check.ts";
import { NOTHING_HEALED } from "../healed.ts";
import { type Scope, statusOf } from "../walk/scope.ts";

export const anchored: TableCheck = {
  id: "anchored",
  name: "the anchor stands on the chain",
  needs: [],

  /** A source that trusts the tip itself has it. */
  nameIn(scope) {
    const { anchor } = scope;
    const hasTip = isSourceAsked(scope) || anchor.vouchedBy === "source";
    return hasTip ? `${this.name}, and the source has its tip` : this.name;
  },

  async run(scope, findings) {
    const { target, network, anchor, tip, tipStatus } = scope;
    const [block] = await target.query<{ state_hash: string; status: string }>(
      `select state_hash, chain_status::text as status from blocks where height = $1
       order by state_hash <> $2, chain_status limit 1`,
      [anchor.height, anchor.stateHash],
    );
    findings.rowCompared();
    const place = { table: "blocks", key: `height ${anchor.height}` };
    const found = block?.state_hash ?? "no block";
    findings.compare({ ...place, column: "state_hash" }, anchor.stateHash, found);
    if (block?.state_hash === anchor.stateHash) {
      const expected = statusOf(scope, anchor.height, block.status);
      findings.compare({ ...place, column: "chain_status" }, expected, block.status);
      if (anchor.height > tip.height) {
        findings.add({
          ...place,
          column: "height",
          expected: `a chain up to ${anchor.stateHash}`,
          found: `one that ends at height ${tip.height}`,
        });
      }
    }
    const last = network.lastPreForkBlock;
    if (last !== null && tip.height > last.height) {
      findings.add({
        table: "blocks",
        key: `height ${tip.height}`,
        column: "state_hash",
        expected: `no block above ${last.stateHash} at height ${last.height}, which the network forked from`,
        found: tip.stateHash,
      });
    }
    if (!isSourceAsked(scope)) return;
    findings.rowCompared();
    if (tipStatus === "canonical" || tipStatus === "pending" || isTipHealed(scope)) return;
    const said = tipStatus === null ? "does not have" : `calls ${tipStatus}`;
    findings.add({
      table: "blocks",
      key: `height ${tip.height}`,
      column: "state_hash",
      expected: `a block of the source, which has ${anchor.stateHash} at height ${anchor.height}`,
      found: `${tip.stateHash}, which the source ${said}`,
    });
  },
};

/** The source lacks it, or calls it something else than it is. */
function isTipHealed({ healed = NOTHING_HEALED, tip }: Scope): boolean {
  const parts = healed.get(tip.stateHash);
  return parts !== undefined && (parts.has("all") || parts.has("block"));
}

/** Below a proven height no other check reads the source; a tip that is the anchor is trusted. */
function isSourceAsked({ source, tip, anchor }: Scope): boolean {
  return source !== null && tip.stateHash !== anchor.stateHash;
}
