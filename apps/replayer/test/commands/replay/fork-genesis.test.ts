// The end of a replay beside the configuration that the network published for the fork.
// @module-tag only-in-all

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { inProcess, isMainnetDataMissing, openTestDatabase } from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";
import { newest } from "../checkpoints-in.ts";
import { replay, TOP, test } from "../replayed-archive.ts";

const { runJson, expectRefusal } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("on real mainnet blocks", () => {
  test("the end of a replay is compared with the configuration of the fork", async ({
    replayed: { top, topFolder, stateHashes },
    newFolder,
  }) => {
    await using target = await openTestDatabase(top);
    const { genesis_ledger: listed } = JSON.parse(await readFile(await newest(topFolder), "utf8"));
    const fork = { state_hash: stateHashes[TOP], blockchain_length: TOP };
    const compare = async (ledger: object): Promise<string[]> => {
      const file = path.join(await newFolder(), "fork.json");
      await writeFile(file, JSON.stringify({ ledger, proof: { fork } }, null, 1));
      return replay(target, topFolder, "--fork-genesis-config", file);
    };
    const { accounts, hash } = listed;
    for (const ledger of [{ hash }, { hash, accounts }]) {
      const { stages } = await runJson<{ stages: readonly object[] }>(await compare(ledger));
      const rowCount = "accounts" in ledger ? accounts.length : 0;
      expect(stages.at(-1)).toMatchObject({ stage: "compare-fork-genesis", rowCount });
    }
    accounts[7].balance = "0.5";
    await expectRefusal(await compare({ hash, accounts }), {
      exit: 20,
      says: [/account B62\w+ balance is \d+, expected 500000000$/],
      next: "proof.fork",
    });
  });
});
