// Do the target's blocks form one chain from the tip down to the genesis block of the network?

import type { ArchiveCheck } from "../check.ts";

interface WalkedBlock {
  readonly height: string;
  readonly state_hash: string;
  readonly parent_hash: string;
}

export const chainConnected: ArchiveCheck = {
  id: "chain-connected",
  name: "every block is linked to its parent, down to genesis",

  /** The database follows the parent ids; each step must lead where the parent hash points. */
  async run({ target, tip, network }, findings) {
    // Heights fall at every step, so a circle of parent ids ends the walk instead of going on.
    const walk = target.rows<WalkedBlock>(
      `with recursive walk as (
         select id, parent_id, height, state_hash, parent_hash
         from blocks where state_hash = $1
         union all
         select parent.id, parent.parent_id, parent.height, parent.state_hash, parent.parent_hash
         from walk join blocks parent on parent.id = walk.parent_id
         where parent.height < walk.height
       )
       select height, state_hash, parent_hash from walk order by height desc`,
      [tip.stateHash],
    );
    let child: WalkedBlock | undefined;
    let lowest: WalkedBlock | undefined;
    for await (const block of walk) {
      findings.rowCompared();
      if (child !== undefined) {
        const place = (column: string) => ({ table: "blocks", key: keyOf(child!), column });
        findings.compare(place("parent_id"), child.parent_hash, block.state_hash);
        findings.compare(place("height"), String(BigInt(block.height) + 1n), child.height);
      }
      child = block;
      lowest = block;
    }
    if (lowest === undefined) throw new Error(`block ${tip.stateHash} is not in the target`);
    const place = { table: "blocks", key: keyOf(lowest) };
    findings.compare({ ...place, column: "height" }, "1", lowest.height);
    const { stateHash } = network.genesis;
    findings.compare({ ...place, column: "state_hash" }, stateHash, lowest.state_hash);
  },
};

function keyOf({ height, state_hash }: WalkedBlock): string {
  return `height ${height}, state_hash ${state_hash}`;
}
