import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { type Memo, type PublicKey, publicKeyText, type UserCommand } from "@forklift/chain";
import { expect, test } from "vitest";
import { ReceiptBatches } from "../src/apply/receipt-batches.ts";
import { extendReceiptChain } from "../src/apply/receipt-chain.ts";
import { ALICE, BOB, CAROL, command } from "./small-ledger.ts";

const NOBODY = publicKeyText({ x: 9n, isOdd: false });

/** Every payer's chain before, in every block. */
function chainBefore(payer: PublicKey): Uint8Array {
  return new Uint8Array(32).fill(payer === ALICE ? 1 : 2);
}

/** A block whose first payer has two commands. */
function commandsOf(block: number): UserCommand[] {
  const payers = [ALICE, [BOB, CAROL, NOBODY][block % 3]!, ALICE];
  return payers.map((feePayer, at) =>
    command({ feePayer, source: feePayer, nonce: BigInt(block * 10 + at) }),
  );
}

function oneByOne(commands: readonly UserCommand[]): Uint8Array[] {
  const latest = new Map<PublicKey, Uint8Array>();
  return commands.map((each) => {
    const before = latest.get(each.feePayer) ?? chainBefore(each.feePayer);
    const chain = extendReceiptChain(before, each);
    latest.set(each.feePayer, chain);
    return chain;
  });
}

test.each([1, 2])("%i threads extend the chains of many blocks as one by one", async (threads) => {
  await using receipts = new ReceiptBatches(threads);
  // More than one batch, the last of them not full; one block has no command.
  const blocks = [...Array.from({ length: 120 }, (_, block) => commandsOf(block)), []];
  const chains = blocks.map((commands) => receipts.extend(commands, chainBefore));
  expect(await Promise.all(chains)).toEqual(blocks.map(oneByOne));
});

test("a malformed command is refused at once, and spoils no other", async () => {
  await using receipts = new ReceiptBatches(1);
  const sound = receipts.extend(commandsOf(0), chainBefore);
  const malformed = command({ memo: "no memo" as Memo });
  expect(() => receipts.extend([malformed], chainBefore)).toThrow("not base58check");
  expect(await sound).toEqual(oneByOne(commandsOf(0)));
});

test("a thread that has ended refuses commands instead of never answering", async () => {
  const begun = once(process, "worker");
  await using receipts = new ReceiptBatches(2);
  const [worker] = (await begun) as [Worker];
  worker.emit("error", new Error("out of memory"));
  const refused = Promise.all([0, 1].map((at) => receipts.extend(commandsOf(at), chainBefore)));
  await expect(refused).rejects.toThrow("out of memory");
});
