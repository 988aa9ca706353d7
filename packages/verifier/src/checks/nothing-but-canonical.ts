// Does the target hold the canonical blocks of its chain and no others? In a complete history, one at each height,
// and beside them none but those whose parents lead to the chain.

import type { WalkCheck } from "../check.ts";
import type { Findings } from "../findings.ts";
import { lookedAt } from "../part.ts";
import { countTable } from "../tables.ts";
import type { HeightRows } from "../walk/height-rows.ts";
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
        if (isBeside) {
          if (history === "complete") requireOrphaned(height, blocks, findings);
          return;
        }
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
            : await countOfChain(scope);
        const place = { table: "blocks", key: "all", column: "count(*)" };
        findings.compare(place, String(tip.height), count);
        if (history !== "canonical") await findLost(scope, findings);
      },
    };
  },
};

/** A pending block is one more than was migrated: only a history of all has any. */
function requireOrphaned(height: bigint, blocks: HeightRows["blocks"], findings: Findings): void {
  for (const block of blocks) {
    const key = `height ${height}, state_hash ${block["state_hash"]}`;
    const place = { table: "blocks", key, column: "chain_status" };
    findings.compare(place, "orphaned", block["chain_status"]!);
  }
}

const REACHED = `
  with recursive reached as (
    select b.id, b.height, b.state_hash from blocks b join blocks parent on parent.id = b.parent_id
    where ${isBeside("b")} and ${isOfChain("parent")}
    union all
    select b.id, b.height, b.state_hash from reached join blocks b on b.parent_id = reached.id
    where ${isBeside("b")}
  )`;

const COUNTS = `${REACHED}
  select (select count(*) from reached) as reached,
         (select count(*) from blocks b where ${isBeside("b")}) as beside`;

const LOST = `${REACHED}
  select height, state_hash, count(*) over () as count from (
    select b.id, b.height, b.state_hash from blocks b where ${isBeside("b")}
    except select id, height, state_hash from reached) lost
  order by height, state_hash limit ${NAMED_MAX}`;

/** The walk goes along the branches, and never comes to these. Of a good target they are only counted. */
async function findLost({ target, sides }: Scope, findings: Findings): Promise<void> {
  const params = sideParams(sides);
  const [counts] = await target.query<Record<"reached" | "beside", string>>(COUNTS, params);
  if (counts!.reached === counts!.beside) return;
  const rows = await target.query<Record<"height" | "state_hash" | "count", string>>(LOST, params);
  for (const { height, state_hash: stateHash } of rows) {
    const key = `height ${height}, state_hash ${stateHash}`;
    const expected = "a way from parent to parent to the chain";
    findings.add({ table: "blocks", key, column: "parent_id", expected, found: "none" });
  }
  findings.addUnnamed(Number(rows[0]?.count ?? 0) - rows.length);
}

async function countOfChain({ target, sides }: Scope): Promise<string> {
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
