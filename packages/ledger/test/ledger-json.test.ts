import { publicKeyText } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Account, newAccount } from "../src/accounts/account.ts";
import { encodeAccount } from "../src/accounts/account-json.ts";
import {
  decodeGenesisLedger,
  isWinnerLeftOut,
  listedAccounts,
} from "../src/accounts/genesis-ledger.ts";
import { LedgerJson } from "../src/accounts/ledger-json.ts";
import { compareAccounts } from "../src/ledger/compare-accounts.ts";
import { Ledger } from "../src/ledger/ledger.ts";

const publicKey = (x: bigint) => publicKeyText({ x, isOdd: false });
const accounts = [1n, 2n, 3n, 4n].map((x) => newAccount(publicKey(x), x * 1_000_000_000n));
const winner = accounts[0]!;
const listed = accounts.map(encodeAccount);

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  // One buffer for all pieces, as some readers of files have.
  const shared = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    yield shared.subarray(0, bytes.copy(shared, 0, at, at + size));
  }
}

async function read(text: string, size = 7) {
  const json = new LedgerJson(pieces(text, size));
  const found: unknown[] = [];
  for await (const account of json.accounts()) found.push(account);
  return { found, rest: json.rest(), hasAccounts: json.hasAccounts };
}

/** JSON knows no negative zero. */
function asParsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function accountsOf(text: string, first: Account | null): Promise<Account[]> {
  const found: Account[] = [];
  const json = new LedgerJson(pieces(text, 64));
  for await (const account of listedAccounts(json, first)) found.push(account);
  return found;
}

describe("a ledger in JSON, read in pieces", () => {
  test("gives any accounts and what is around them, however it is cut and spaced", async () => {
    const key = fc.string().filter((text) => text !== "accounts" && text !== "__proto__");
    const account = fc.dictionary(key, fc.jsonValue(), { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("ledger", "genesis_ledger", null),
        fc.array(account, { maxLength: 4 }),
        fc.dictionary(key, fc.jsonValue(), { maxKeys: 3 }),
        fc.dictionary(key, fc.jsonValue(), { maxKeys: 3 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 2),
        async (name, list, before, after, size, indent) => {
          fc.pre(!JSON.stringify([before, after]).includes('"accounts"'));
          const ledger = { ...before, accounts: list, ...after };
          const document = name === null ? ledger : { ...before, [name]: ledger, ...after };
          fc.pre(name === null || !Object.hasOwn(after, name));
          const { found, rest } = await read(JSON.stringify(document, null, indent), size);
          expect(found).toEqual(asParsed(list));
          const emptied = { ...ledger, accounts: [] };
          const around = name === null ? emptied : { ...document, [name]: emptied };
          expect(rest).toEqual(asParsed(around));
        },
      ),
    );
  });

  test("passes over the accounts of other ledgers", async () => {
    const epochs = { staking: { accounts: [{ pk: "x" }, { pk: "y" }], seed: "z" } };
    const text = JSON.stringify({ epoch_data: epochs, ledger: { accounts: [{ pk: "a" }] } });
    const { found, rest } = await read(text);
    expect(found).toEqual([{ pk: "a" }]);
    expect(rest["epoch_data"]).toEqual({ staking: { accounts: [], seed: "z" } });
  });

  test.each([
    ['{"ledger":{"accounts":[{"pk":"a"', "ends in the middle of its accounts"],
    ['{"ledger":{"accounts":[{"pk":"a"}', "ends in the middle of its accounts"],
    ['{"ledger":{"accounts":[{"pk":"a"}]', "not JSON"],
    ['{"ledger":{"accounts":[{"pk":"a"},]}}', "expected account, found"],
    ['{"ledger":{"accounts":[{"pk":"a"}{"pk":"b"}]}}', "expected comma or end"],
    ['{"ledger":{"accounts":[7]}}', "expected account or end"],
    ['{"ledger":{"accounts":[{"pk":}]}}', "not JSON"],
    ['{"accounts":[],"ledger":{"accounts":[]}}', "two lists of accounts"],
    ["[]", "it is a list, expected a JSON object"],
    ["", "it is empty"],
    [" \n", "it is empty"],
  ])("refuses %s", async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  test.each([
    ["lists without end", "[".repeat(400_000), "nested deeper"],
    ["objects without end", '{"a":'.repeat(100_000), "nested deeper"],
    ["an account without end", `{"accounts":[${'{"a":'.repeat(1_000)}`, "nested deeper"],
    ["lists in an account", `{"accounts":[{"a":${"[".repeat(1_000)}`, "nested deeper"],
  ])("refuses %s at once", async (_name, text, message) => {
    const startedMs = performance.now();
    await expect(read(`{"x":0,"y":${text}`, 65_536)).rejects.toThrow(message);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("is read behind a byte order mark, however its bytes come", async () => {
    for (const size of [1, 2, 3, 600]) {
      const { found } = await read('\ufeff {"accounts":[{"pk":"[{"}]}', size);
      expect(found).toEqual([{ pk: "[{" }]);
    }
  });

  test("is what a replayer ended with, and not its epochs", async () => {
    const text = JSON.stringify({
      target_epoch_ledgers_state_hash: "3N",
      target_fork_state_hash: "3N",
      target_genesis_ledger: { accounts: listed, add_genesis_winner: true },
      target_epoch_data: { staking: { accounts: [{ pk: "x" }], seed: "z" } },
    });
    expect(await accountsOf(text, null)).toEqual(accounts);
  });

  test.each([
    ["says that it is added", { add_genesis_winner: true }, true],
    ["says nothing", {}, true],
    ["says that it is not", { add_genesis_winner: false }, false],
  ])("leaves the winner to its reader when it %s", (_name, ledger, expected) => {
    expect(isWinnerLeftOut({ ledger }, 3)).toBe(expected);
    const counted = { ...ledger, num_accounts: 3 };
    expect(isWinnerLeftOut({ start_slot_since_genesis: 7, genesis_ledger: counted }, 3)).toBe(
      false,
    );
    expect(isWinnerLeftOut({ start_slot_since_genesis: 0, genesis_ledger: counted }, 3)).toBe(
      expected,
    );
  });

  test.each([
    ["the winner first", { accounts: listed }],
    ["no winner", { num_accounts: 4, accounts: listed.slice(1) }],
    ["no winner, on purpose", { add_genesis_winner: false, accounts: listed.slice(1) }],
  ])("with %s gives the accounts that the whole document gives", async (_name, ledger) => {
    const document = { genesis_ledger: ledger };
    const found = await accountsOf(JSON.stringify(document, null, 1), winner);
    expect(found).toEqual(decodeGenesisLedger(document, winner));
  });

  test("is refused when it leaves out the winner only after the accounts", async () => {
    const ledger = { accounts: listed.slice(1), add_genesis_winner: false };
    const reading = accountsOf(JSON.stringify({ ledger }), winner);
    await expect(reading).rejects.toThrow("ledger.accounts[0]: expected the genesis winner");
  });

  test.each([
    ["more accounts than it lists", { num_accounts: 9, accounts: listed }, "num_accounts"],
    ["no accounts", { hash: "jx" }, "it is a replayer's input and lists no account"],
    ["a malformed account", { accounts: [{ pk: "x" }] }, "accounts[0]"],
  ])("is refused with %s", async (_name, ledger, message) => {
    const text = JSON.stringify({ genesis_ledger: ledger });
    await expect(accountsOf(text, null)).rejects.toThrow(message);
  });
});

describe("accounts that are compared", () => {
  async function* each(list: readonly unknown[]): AsyncGenerator<unknown> {
    yield* list;
  }

  test("differ nowhere when they are the same", async () => {
    expect(await compareAccounts(new Ledger(accounts), each(listed), 9)).toEqual({
      compared: 4,
      differingAccounts: 0,
      differences: [],
      misplacedAccounts: 0,
      misplaced: [],
    });
  });

  test("are named with field and both values, and counted beyond what is shown", async () => {
    const [first, second, third, fourth] = accounts.map(({ publicKey: key }) => key);
    const stranger = encodeAccount(newAccount(publicKey(9n), 5n));
    const list = [
      { ...listed[1], nonce: "7" },
      { ...listed[0], balance: "1.5", token_symbol: "MINE" },
      stranger,
      { ...listed[2], timing: null, delegate: first },
    ];
    const compared = await compareAccounts(new Ledger(accounts), each(list), 4);
    expect(compared).toMatchObject({ compared: 4, differingAccounts: 5, misplacedAccounts: 2 });
    expect(compared.differences).toEqual([
      { publicKey: second, field: "nonce", expected: "7", found: "0" },
      {
        publicKey: first,
        field: "*",
        expected: expect.stringContaining("MINE"),
        found: expect.any(String),
      },
      { publicKey: publicKey(9n), field: "*", expected: "at index 2", found: "none" },
      { publicKey: third, field: "delegate", expected: first, found: third },
    ]);
    expect(compared.misplaced).toEqual([
      { publicKey: second, field: "index", expected: "0", found: "1" },
      { publicKey: third, field: "index", expected: "3", found: "2" },
    ]);
    const all = await compareAccounts(new Ledger(accounts), each(list), 9);
    expect(all.differences.at(-1)).toEqual({
      publicKey: fourth,
      field: "*",
      expected: "none",
      found: "at index 3",
    });
  });
});
