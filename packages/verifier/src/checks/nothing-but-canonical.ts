// Does the target hold the canonical blocks of its chain and no others? In a complete history, one at each height,
// and beside them none but those whose parents lead to the chain.

import type { WalkCheck } from "../check.ts";
import type { Findings } from "../findings.ts";
import { lookedAt } from "../part.ts";
import { countTable } from "../tables.ts";
import { type Scope, statusOf } from "../walk/scope.ts";
import { isBeside, isOfChain, sideParams } from "../walk/sides.ts";

/** Of blocks that no way leads to, named one by one. */
const NAMED_MAX = 10;

export const nothingButCanonical: WalkCheck = {
  id: "nothing-but-canonical",
  name: "No orphaned nor pending blocks in migrated db",
  needs: [],

  nameIn({ history }) {
    return history === "canonical"
      ? this.name
      : "one canonical block at each height, and no other block without a way to one";
  },

  follow(scope, findings) {
    const { target, tip, history, part } = scope;
    return {
      see({ height, isBeside, blocks }) {
        findings.rowCompared();
        if (isBeside) return;
        const key = `height ${height}`;
        const place = { table: "blocks", key, column: "height" };
        findings.compare(place, "one block", blocks.length === 1 ? "one block" : listOf(blocks));
        for (const { chain_status: status } of blocks) {
          const expected = statusOf(scope, height, status!);
          findings.compare({ ...place, column: "chain_status" }, expected, status!);
        }
      },
      async end() {
        const count =
          history === "canonical"
            ? await countTable(target, "blocks", lookedAt("blocks", { proven: null, part }))
            : await countCanonical(scope);
        const place = { table: "blocks", key: "all", column: "count(*)" };
        findings.compare(place, String(tip.height), count);
        if (history !== "canonical") await findLost(scope, findings);
      },
    };
  },
};

const LOST = `
  with recursive reached as (
    select b.id from blocks b join blocks parent on parent.id = b.parent_id
    where ${isBeside("b")} and ${isOfChain("parent")}
    union all
    select b.id from reached join blocks b on b.parent_id = reached.id where ${isBeside("b")}
  )
  select b.height, b.state_hash, count(*) over () as count from blocks b
  where ${isBeside("b")} and b.id not in (select id from reached)
  order by b.height, b.state_hash limit ${NAMED_MAX}`;

/** The walk goes along the branches, and never comes to these. */
async function findLost({ target, sides }: Scope, findings: Findings): Promise<void> {
  const rows = await target.query<Record<"height" | "state_hash" | "count", string>>(
    LOST,
    sideParams(sides),
  );
  for (const { height, state_hash: stateHash } of rows) {
    const key = `height ${height}, state_hash ${stateHash}`;
    const expected = "a way from parent to parent to the chain";
    findings.add({ table: "blocks", key, column: "parent_id", expected, found: "none" });
  }
  findings.addUnnamed(Number(rows[0]?.count ?? 0) - rows.length);
}

async function countCanonical({ target, sides }: Scope): Promise<string> {
  const [row] = await target.query<{ count: string }>(
    `select count(*) from blocks b where ${isOfChain("b")}`,
    sideParams(sides),
  );
  return row!.count;
}

function listOf(blocks: readonly Readonly<Record<string, string | null>>[]): string {
  if (blocks.length === 0) return "no block";
  return blocks.map((block) => block["state_hash"]).join(", ");
}
