import type { SourceChain } from "@forklift/archive";
import { hashText, type StateHash } from "@forklift/chain";
import { readSchema } from "@forklift/schemas";
import { openTestDatabase, openTestSession } from "@forklift/testkit";
import { expect, test } from "vitest";
import { mergedBlocks } from "../../src/blocks/merged-blocks.ts";

test.each([
  ["creator_id", "2, 1"],
  ["block_winner_id", "1, 2"],
])("a block whose %s leads to no row is told from one that is missing", async (_column, ids) => {
  await using database = await openTestDatabase();
  await using source = await openTestSession(database);
  const genesis = hashText("stateHash", 1n) as StateHash;
  const chain: SourceChain = {
    tip: { height: 1n, stateHash: genesis },
    canonicalHeight: 1n,
    tail: [],
  };
  await source.query((await readSchema("mainnet")).tables);
  await source.query("insert into public_keys (value) values ('somebody')");
  const read = () =>
    mergedBlocks({ source } as Parameters<typeof mergedBlocks>[0], chain, null).next();

  await expect(read()).rejects.toMatchObject({
    message: "the source has no block of the chain at height 1",
    hint: expect.stringContaining("forklift audit"),
  });
  await source.query(
    `insert into blocks (state_hash, parent_hash, creator_id, block_winner_id,
       snarked_ledger_hash_id, staking_epoch_data_id, next_epoch_data_id, ledger_hash, height,
       global_slot, global_slot_since_genesis, "timestamp", chain_status)
     values ('${genesis}', 'none', ${ids}, 1, 1, 1, 'a ledger', 1, 0, 0, 0, 'canonical')`,
  );
  await expect(read()).rejects.toMatchObject({
    exit: "sourceData",
    message:
      `block ${genesis} at height 1 of the source refers to a row that is missing: its creator_id or ` +
      "its block_winner_id leads to no public key",
    hint: expect.stringContaining("repair the source's rows"),
  });
});
