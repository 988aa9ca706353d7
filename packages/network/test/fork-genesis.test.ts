import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type BlockRef, parseStateHash, publicKeyText } from "@forklift/chain";
import { encodeAccount, Ledger, newAccount } from "@forklift/ledger";
import { ConfigError, SourceDataError, VerificationError } from "@forklift/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareForkGenesis, requireForkGenesis } from "../src/fork-genesis.ts";

const TIP: BlockRef = {
  height: 359_604n,
  stateHash: parseStateHash("3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4"),
};
const OTHER_BLOCK = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

const ledger = new Ledger(
  [1n, 2n, 3n, 4n, 5n].map((x) => newAccount(publicKeyText({ x, isOdd: false }), x)),
);
const [first, second] = [...ledger.accounts()].map(({ publicKey }) => publicKey);

interface Configuration {
  readonly epoch_data: object;
  readonly ledger: { hash?: string; add_genesis_winner?: boolean; accounts?: object[] };
  readonly proof: { readonly fork: { state_hash: string; blockchain_length: number } };
}

/** As the network would publish it. */
function configuration(): Configuration {
  const accounts = [...ledger.accounts()].map(encodeAccount);
  return {
    epoch_data: { staking: { accounts: accounts.slice(0, 2) } },
    ledger: { hash: ledger.berkeleyLedgerHash(), add_genesis_winner: false, accounts },
    proof: { fork: { state_hash: TIP.stateHash, blockchain_length: 359_604 } },
  };
}

describe("the configuration of the fork", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-fork-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const compare = async (change: (it: Configuration) => void) => {
    const changed = configuration();
    change(changed);
    return await compareText(JSON.stringify(changed, null, 1));
  };
  const compareText = async (text: string, asked: () => void = () => undefined) => {
    const file = path.join(folder, "fork.json");
    await writeFile(file, text);
    return await compareForkGenesis(pathToFileURL(file).href, {
      tip: TIP,
      berkeleyLedgerHash: ledger.berkeleyLedgerHash(),
      ledger: async () => {
        asked();
        return ledger;
      },
      winner: ledger.account(0),
    });
  };

  test.each<[string, number, (it: Configuration) => void]>([
    ["accounts and a hash", 5, () => undefined],
    [
      "a hash only",
      0,
      (it) => {
        delete it.ledger.accounts;
      },
    ],
    [
      "accounts only",
      5,
      (it) => {
        delete it.ledger.hash;
      },
    ],
  ])(
    "with %s agrees with the ledger that it was made of",
    async (_name, accountsCompared, change) => {
      const comparison = await compare(change);
      expect(comparison).toMatchObject({ ok: true, accountsCompared, differenceCount: 0 });
      requireForkGenesis("here", comparison);
    },
  );

  test("asks for the accounts only when it lists some", async () => {
    let asked = 0;
    const { accounts: _, ...hashOnly } = configuration().ledger;
    await compareText(JSON.stringify({ ledger: hashOnly }), () => asked++);
    expect(asked).toBe(0);
  });

  test.each<[string, (it: Configuration) => void, number, RegExp]>([
    [
      "another hash",
      (it) => {
        it.ledger.hash = ledger.ledgerHash();
      },
      1,
      /: ledger\.hash is j\w+, expected j\w+$/,
    ],
    [
      "another nonce",
      (it) => {
        Object.assign(it.ledger.accounts![1]!, { nonce: "5" });
      },
      1,
      new RegExp(`: account ${second} nonce is 0, expected 5$`),
    ],
    [
      "an account of a newer kind",
      (it) => {
        Object.assign(it.ledger.accounts![0]!, { zkapp: { app_state: [] } });
      },
      1,
      new RegExp(`: account ${first} \\* is an account of protocol 1.x, expected .*zkapp`),
    ],
    [
      "an account less",
      (it) => {
        it.ledger.accounts!.pop();
      },
      1,
      /: account B62\w+ \* is at index 4, expected none$/,
    ],
    [
      "two accounts at each other's place",
      (it) => {
        it.ledger.accounts!.reverse();
      },
      4,
      /: account B62\w+ index is 4, expected 0; .* index is 0, expected 4$/,
    ],
    [
      "another block",
      ({ proof: { fork } }) => {
        Object.assign(fork, { state_hash: OTHER_BLOCK, blockchain_length: 359_605 });
      },
      2,
      /: proof\.fork\.state_hash is 3NL\w+, expected 3NK\w+; proof\.fork\.blockchain_length is 359604, expected 359605$/,
    ],
  ])("with %s is told from the ledger, naming it", async (_name, change, count, says) => {
    const comparison = await compare(change);
    expect(comparison).toMatchObject({ ok: false, differenceCount: count });
    const require = () => requireForkGenesis("here", comparison);
    expect(require).toThrow(VerificationError);
    expect(require).toThrow(says);
  });

  test.each([
    ["says so", true],
    ["says nothing of it", undefined],
  ])("has the winner in front that it leaves to its reader when it %s", async (_name, says) => {
    const comparison = await compare((it) => {
      it.ledger.accounts!.shift();
      delete it.ledger.add_genesis_winner;
      if (says !== undefined) it.ledger.add_genesis_winner = says;
    });
    expect(comparison).toMatchObject({ ok: true, accountsCompared: 5 });
  });

  test.each([
    ['{"ledger":{"name":"mainnet"}}', ConfigError, "neither ledger.hash nor ledger.accounts"],
    ['{"ledger":{"name":"mainnet"}}', ConfigError, "that names its ledger mainnet and lists no"],
    ['{"genesis":{}}', SourceDataError, 'key "ledger" is missing'],
    ['[{"pk":"x"}]', SourceDataError, "it is a bare list of accounts"],
    ['{"genesis_ledger":{"accounts":[]}}', SourceDataError, "it is a replayer's input, expected"],
    ['{"ledger":{"hash":"x"}}', SourceDataError, "ledger.hash"],
    ['{"ledger":{"accounts":[{"pk"', SourceDataError, "in the middle of its accounts"],
    ['{"ledger":{"hash":"j"},"proof":{"fork":{}}', SourceDataError, "not JSON"],
  ])("%s is refused", async (text, error, message) => {
    await expect(compareText(text)).rejects.toThrow(error);
    await expect(compareText(text)).rejects.toThrow(message);
  });
});
