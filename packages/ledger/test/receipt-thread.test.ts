import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import {
  type Memo,
  type PublicKey,
  parseMemo,
  publicKeyText,
  type UserCommand,
} from "@forklift/chain";
import fc from "fast-check";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { extendReceiptChains } from "../src/apply/receipt-chain.ts";
import { type ReceiptsAhead, ReceiptThread } from "../src/apply/receipt-thread.ts";
import { Ledger } from "../src/ledger/ledger.ts";

const KEYS = Array.from({ length: 5 }, (_, x) => publicKeyText({ x: BigInt(x), isOdd: false }));
const MEMO = parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH");

function payment(payer: number, nonce: number): UserCommand {
  const feePayer = KEYS[payer] as PublicKey;
  return {
    type: "payment",
    feePayer,
    source: feePayer,
    receiver: KEYS[0] as PublicKey,
    nonce: BigInt(nonce),
    amount: 5n,
    fee: 7n,
    validUntil: null,
    memo: MEMO,
    hash: "" as UserCommand["hash"],
  };
}

/** The last key has no account: its chain begins with the one of a new account. */
function newLedger(): Ledger {
  return new Ledger(KEYS.slice(0, -1).map((key) => newAccount(key, 1n)));
}

/** What a replay does with the chains of its commands. */
function put(
  ledger: Ledger,
  commands: readonly UserCommand[],
  chains: readonly Uint8Array[],
): void {
  for (const [at, { feePayer }] of commands.entries()) {
    const index = ledger.indexOf(feePayer) ?? ledger.append(newAccount(feePayer, 1n));
    ledger.table.setReceiptChainHash(index, chains[at]!);
  }
}

test("chains computed ahead are those computed one block after the other", {
  tags: ["only-in-all"],
}, async () => {
  const pages = fc.array(fc.array(fc.nat({ max: KEYS.length - 1 }), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(pages, fc.integer({ min: 1, max: 4 }), async (payers, ahead) => {
      let nonce = 0;
      const all = payers.map((page) => page.map((payer) => payment(payer, nonce++)));
      const [ledger, plain] = [newLedger(), newLedger()];
      await using thread = new ReceiptThread(ledger);
      const asked: ReceiptsAhead[] = [];
      for (const [at, commands] of all.entries()) {
        for (let next = asked.length; next < Math.min(all.length, at + ahead); next++) {
          asked.push(thread.extend(all[next]!));
        }
        const expected = extendReceiptChains(plain, commands);
        const chains = await asked[at]!.chains;
        expect(chains).toEqual(expected);
        put(ledger, commands, chains!);
        put(plain, commands, expected);
        asked[at]!.applied();
      }
    }),
    { numRuns: 5 },
  );
});

test("commands of which one is malformed are left to whoever applies them", async () => {
  const wide = { ...payment(1, 0), fee: 2n ** 64n };
  const noMemo = { ...payment(1, 0), memo: "no memo" as Memo };
  await using thread = new ReceiptThread(newLedger());
  for (const command of [wide, noMemo]) {
    const { chains, applied } = thread.extend([payment(0, 0), command]);
    expect(await chains).toBeNull();
    applied();
  }
  expect(await thread.extend([payment(0, 0)]).chains).toHaveLength(1);
  expect(thread.permutationsElsewhere).toBeGreaterThan(0);
});

test("a thread that has ended refuses commands instead of never answering", async () => {
  const begun = once(process, "worker");
  const thread = new ReceiptThread(newLedger());
  const [worker] = (await begun) as [Worker];
  const left = thread.extend([payment(0, 0)]);
  worker.emit("error", new Error("out of memory"));
  worker.emit("message", { answers: [new Uint8Array(32)], permutations: 0 });
  await expect(left.chains).rejects.toThrow("out of memory");
  await expect(thread.extend([payment(0, 1)]).chains).rejects.toThrow("out of memory");
  await thread[Symbol.asyncDispose]();
});
