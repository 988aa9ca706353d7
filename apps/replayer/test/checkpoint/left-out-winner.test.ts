// The genesis winner that a file leaves to its reader: honoured with --network, else told of.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadNetwork } from "@forklift/network";
import { inProcess } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replayer } from "../../src/commands/index.ts";

const { run, runJson, expectRefusal } = inProcess(replayer);

const OTHERS = [
  "B62qmQsEHcsPUs5xdtHKjEmWqqhUPRSF2GNmdguqnNvpEZpKftPC69e",
  "B62qobL9BSuCGeuWncu8T3rrYzwHrMJg4vGy4ZmzEqbgo4sBUu6cDa9",
].map((pk) => ({ pk, balance: "1" }));

const TOLD = /has its genesis winner put in front by whoever reads it/;

describe("a checkpoint without the winner", () => {
  let folder: string;
  let winner: { readonly pk: string; readonly balance: string };
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-winner-"));
    const { publicKey } = (await loadNetwork("mainnet")).genesis.winner;
    winner = { pk: publicKey, balance: "0.000001" };
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, document: object) => {
    const file = path.join(folder, name);
    await writeFile(file, JSON.stringify(document));
    return file;
  };
  const without = (says: object = { add_genesis_winner: true }) =>
    write("without.json", { genesis_ledger: { ...says, accounts: OTHERS } });
  const whole = () => write("whole.json", { genesis_ledger: { accounts: [winner, ...OTHERS] } });

  test.each([
    ["says that it is added", { add_genesis_winner: true }],
    ["says nothing of it", {}],
  ])("that %s is shown, compared and converted with a warning", async (_name, says) => {
    const file = await without(says);
    for (const args of [
      ["show", file],
      ["diff", file, file],
      ["convert", file, path.join(folder, "converted.json")],
    ]) {
      const ran = await run(["checkpoint", ...args]);
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(TOLD);
      const named = await run(["checkpoint", ...args, "--network", "mainnet"]);
      expect(named.exit, named.stderr).toBe(0);
      expect(named.stderr).not.toMatch(TOLD);
    }
    const converted = await readFile(path.join(folder, "converted.json"), "utf8");
    expect(converted).toContain(winner.pk);
  });

  test("is the whole one with --network, in each place of a comparison", async () => {
    const files = [await without(), await whole()];
    for (const [a, b] of [files, files.toReversed()]) {
      await expectRefusal(["checkpoint", "diff", a!, b!], {
        exit: 20,
        says: [/differ in 1 account/],
        next: "checkpoint show",
      });
      const same = ["checkpoint", "diff", a!, b!, "--network", "mainnet"];
      expect(await runJson(same)).toMatchObject({ ok: true, compared: 3 });
    }
  });

  test("is not told of when it says so, or lists the winner", async () => {
    for (const file of [await without({ add_genesis_winner: false }), await whole()]) {
      const { stderr } = await run(["checkpoint", "show", file]);
      expect(stderr).not.toMatch(TOLD);
    }
  });

  test("is read from a replayer's output by convert, and shown to be one by show", async () => {
    const output = await write("output.json", {
      target_epoch_ledgers_state_hash: "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ",
      target_fork_state_hash: "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ",
      target_genesis_ledger: { add_genesis_winner: true, accounts: [winner, ...OTHERS] },
      target_epoch_data: null,
    });
    await expectRefusal(["checkpoint", "show", output], {
      exit: 65,
      says: ["it is a replayer's output, the ledger after block 3NKeMonc"],
      next: "--start-slot",
    });
    const converted = path.join(folder, "from-output.json");
    await runJson(["checkpoint", "convert", output, converted, "--start-slot", "8"]);
    expect(await runJson(["checkpoint", "show", converted])).toMatchObject({
      accounts: 3,
      startSlot: 8,
    });
  });

  test.each<[string, object, string, string]>([
    ["a configuration", { ledger: { accounts: OTHERS } }, "a configuration that lists", "convert"],
    ["a bare list", OTHERS, "it is a bare list of accounts", "jq"],
    ["a name", { ledger: { name: "mainnet" } }, "that names its ledger mainnet", "NAME.json"],
  ])("is told from %s", async (_what, document, says, next) => {
    const file = await write("other.json", document);
    await expectRefusal(["checkpoint", "show", file], { exit: 65, says: [says], next });
  });

  test("begins at a slot with a tag", async () => {
    const file = await write("tagged.json", {
      start_slot_since_genesis: ["Since_genesis", "9"],
      genesis_ledger: { num_accounts: 3, accounts: [winner, ...OTHERS] },
    });
    expect(await runJson(["checkpoint", "show", file])).toMatchObject({ startSlot: 9 });
  });
});
