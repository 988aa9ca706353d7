import { FIELD_MODULUS, type PublicKey, parseMemo, pointOfPublicKey } from "@forklift/chain";
import { decodeStagedLedgerDiff, type UnhashedCommand, wrongSignatures } from "@forklift/ledger";
import { expect, test } from "vitest";
import { createRandom } from "../src/random.ts";
import { Wallet } from "../src/wallet.ts";
import { openSample, readBlocks } from "./sample-folder.ts";

function commandOf(feePayer: PublicKey, source: PublicKey): UnhashedCommand {
  return {
    type: "payment",
    feePayer,
    source,
    receiver: source,
    nonce: 0n,
    amount: 1n,
    fee: 1n,
    validUntil: null,
    memo: parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH"),
  };
}

test("keys are points of the Pallas curve, none of them twice, and those of the seed", () => {
  const wallet = new Wallet(createRandom(6));
  const keys = Array.from({ length: 600 }, () => wallet.newKey());
  for (const key of keys.slice(0, 30)) {
    const { x } = pointOfPublicKey(key);
    const square = (x * x * x + 5n) % FIELD_MODULUS;
    // Legendre's symbol, by the law of quadratic reciprocity.
    expect(jacobi(square, FIELD_MODULUS)).toBe(1);
  }
  expect(new Set(keys).size).toBe(keys.length);
  const again = new Wallet(createRandom(6));
  expect(Array.from(keys, () => again.newKey())).toEqual(keys);
  expect(new Wallet(createRandom(7)).newKey()).not.toBe(keys[0]);
});

test("a wallet signs for the fee payer, and with another nonce every time", () => {
  const wallet = new Wallet(createRandom(8));
  const [payer, source] = [wallet.newKey(), wallet.newKey()];
  const command = commandOf(payer, source);
  const signed = Array.from({ length: 300 }, () => ({
    command,
    signer: payer,
    signature: wallet.sign(command),
  }));
  expect(wrongSignatures(signed, "testnet")).toEqual([]);
  expect(new Set(signed.map(({ signature }) => signature)).size).toBe(signed.length);
});

test("every command of a sample is signed by its fee payer, in rival blocks, too", async () => {
  await using sample = await openSample();
  const blocks = await readBlocks(sample.folder);
  const commands = blocks.flatMap(({ json }) =>
    decodeStagedLedgerDiff(json.staged_ledger_diff).flatMap((preDiff) => preDiff.commands),
  );
  expect(commands.length).toBeGreaterThan(200);
  expect(commands.some(({ command }) => command.source !== command.feePayer)).toBe(true);
  expect(wrongSignatures(commands, "testnet")).toEqual([]);
});

function jacobi(numerator: bigint, modulus: bigint): number {
  let [a, n, sign] = [numerator % modulus, modulus, 1];
  while (a !== 0n) {
    for (; a % 2n === 0n; a /= 2n) if (n % 8n === 3n || n % 8n === 5n) sign = -sign;
    [a, n] = [n, a];
    if (a % 4n === 3n && n % 4n === 3n) sign = -sign;
    a %= n;
  }
  return n === 1n ? sign : 0;
}
