// Signatures, made and checked by mina-signer and by us; and every way to alter one.

import {
  FIELD_MODULUS,
  fieldToBytes,
  parsePublicKey,
  publicKeyText,
  UINT32_MAX,
} from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSignature, signatureText } from "../src/block/transaction-hash.ts";
import type { SignatureKind } from "../src/signature/message-hash.ts";
import { consecutivePoints, pointWithX, SCALAR_MODULUS } from "../src/signature/pallas.ts";
import { signCommand } from "../src/signature/sign-command.ts";
import { type SignedCommand, wrongSignatures } from "../src/signature/wrong-signatures.ts";
import { client, signedCommandOf, type Transfer, testnetClient } from "./mina-signer.ts";

const CLIENTS = { mainnet: client, testnet: testnetClient } as const;
const KINDS = ["mainnet", "testnet"] as const;

const keys = Array.from({ length: 3 }, () => client.genKeys());

function transfer(parts: Partial<Transfer> = {}): Transfer {
  return {
    from: keys[0]!.publicKey,
    to: keys[1]!.publicKey,
    amount: "1500000000",
    fee: "10000000",
    nonce: "3",
    validUntil: `${UINT32_MAX}`,
    memo: "order 17",
    ...parts,
  };
}

/** Signed by mina-signer: payments and delegations in turn. */
function signedByOthers(count: number, kind: SignatureKind = "mainnet"): SignedCommand[] {
  return Array.from({ length: count }, (_, at) => {
    const { publicKey: from, privateKey } = keys[at % keys.length]!;
    const parts = transfer({ from, nonce: `${at}`, memo: `no ${at}`, validUntil: `${at * 1000}` });
    if (at % 3 !== 2) {
      return signedCommandOf("payment", CLIENTS[kind].signPayment(parts, privateKey));
    }
    const { amount: _amount, ...delegation } = parts;
    return signedCommandOf("delegation", CLIENTS[kind].signStakeDelegation(delegation, privateKey));
  });
}

describe("what mina-signer signs is right", () => {
  test.each(KINDS)("on %s, and on the other network all of it is wrong", (kind) => {
    const commands = signedByOthers(5, kind);
    const [other] = KINDS.filter((each) => each !== kind);
    expect(wrongSignatures(commands, kind)).toEqual([]);
    expect(wrongSignatures(commands, other!)).toEqual(commands.map((_, at) => at));
  });
});

test.each(KINDS)("what we sign is right for mina-signer, and its keys are ours, on %s", (kind) => {
  const pairs = consecutivePoints(10n ** 70n, 8).map((point, at) => ({
    scalar: 10n ** 70n + BigInt(at),
    point,
  }));
  const payer = pairs[0]!;
  const key = publicKeyText({ x: payer.point.x, isOdd: payer.point.y % 2n === 1n });
  for (const nonce of pairs.slice(1)) {
    const data = transfer({ from: key, nonce: `${nonce.scalar % 1000n}` });
    const unsigned = { signature: { field: "1", scalar: "1" }, publicKey: key, data };
    const { command } = signedCommandOf("payment", unsigned);
    const signature = signCommand(command, { key: payer, nonce, kind });
    const [field, scalar] = numbersOf(signature).map(String);
    const signed = { signature: { field: field!, scalar: scalar! }, publicKey: key, data };
    expect(CLIENTS[kind].verifyPayment(signed)).toBe(true);
    expect(wrongSignatures([{ command, signer: key, signature }], kind)).toEqual([]);
  }
});

describe("a wrong signature is found at its place", () => {
  const commands = signedByOthers(4);

  /** The place of the only one that is altered. */
  function placeOf(at: number, altered: SignedCommand) {
    return wrongSignatures(commands.with(at, altered), "mainnet");
  }

  test("whichever byte of it is altered", () => {
    const change = fc.record({
      at: fc.nat({ max: commands.length - 1 }),
      byte: fc.nat({ max: 63 }),
      by: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(change, ({ at, byte, by }) => {
        const rAndS = Buffer.from(readSignature(commands[at]!.signature).bytes.subarray(1));
        rAndS[byte]! ^= by;
        expect(placeOf(at, { ...commands[at]!, signature: signatureText(rAndS) })).toEqual([at]);
      }),
      { numRuns: 25 },
    );
  });

  test("whichever part of its command is altered", () => {
    const [first, , delegation] = commands;
    const other = parsePublicKey(keys[2]!.publicKey);
    const parts: Partial<SignedCommand["command"]>[] = [
      { type: "delegation" },
      { source: other },
      { receiver: other },
      { nonce: first!.command.nonce + 1n },
      { amount: first!.command.amount! + 1n },
      { fee: first!.command.fee - 1n },
      { validUntil: null },
      { memo: commands[1]!.command.memo },
    ];
    for (const part of parts) {
      const command = { ...first!.command, ...part };
      expect(placeOf(0, { ...first!, command }), Object.keys(part)[0]!).toEqual([0]);
    }
    const payment = { ...delegation!.command, type: "payment", amount: 0n } as const;
    expect(placeOf(2, { ...delegation!, command: payment })).toEqual([2]);
  });

  test("when somebody else has signed, whoever is said to have", () => {
    const [first, second] = commands;
    const { signer, signature } = second!;
    expect(placeOf(0, { ...first!, signature })).toEqual([0]);
    expect(placeOf(0, { ...first!, signer, signature })).toEqual([0]);
    // A right signature of whoever is said to have signed, and who does not pay.
    const key = pairOf(77n);
    const stranger = publicKeyText({ x: key.point.x, isOdd: key.point.y % 2n === 1n });
    const { command } = first!;
    const own = { ...command, feePayer: stranger };
    const sign = (signed: SignedCommand["command"]) => ({
      command: signed,
      signer: stranger,
      signature: signCommand(signed, { key, nonce: pairOf(78n), kind: "mainnet" }),
    });
    expect(placeOf(0, sign(own))).toEqual([]);
    expect(placeOf(0, sign(command))).toEqual([0]);
  });

  test("in its other forms, which stand for the same point and scalar", () => {
    const [r, s] = numbersOf(commands[3]!.signature);
    const forms = [
      [r + FIELD_MODULUS, s],
      [r, s + SCALAR_MODULUS],
      [r, SCALAR_MODULUS - s],
      [FIELD_MODULUS - r, s],
      [r, 0n],
      [0n, s],
      [0n, 0n],
      [2n ** 256n - 1n, 2n ** 256n - 1n],
    ] as const;
    for (const form of forms) {
      const signature = signatureText(Buffer.concat(form.map(bytesOf)));
      expect(placeOf(3, { ...commands[3]!, signature }), `${form}`).toEqual([3]);
    }
  });

  test("when its point has an odd y, or its x is that of none", () => {
    const key = pairOf(12_345n);
    const payer = publicKeyText({ x: key.point.x, isOdd: key.point.y % 2n === 1n });
    const command = { ...commands[0]!.command, feePayer: payer, source: payer };
    const nonces = Array.from({ length: 6 }, (_, at) => pairOf(900n + BigInt(at)));
    for (const nonce of nonces) {
      const right = signCommand(command, { key, nonce, kind: "mainnet" });
      expect(placeOf(0, { command, signer: payer, signature: right })).toEqual([]);
      // The scalar for the other point of the same x: s·G - e·P is its negative.
      const [r, s] = numbersOf(right);
      const k = nonce.point.y % 2n === 0n ? nonce.scalar : SCALAR_MODULUS - nonce.scalar;
      const odd = (((s - 2n * k) % SCALAR_MODULUS) + SCALAR_MODULUS) % SCALAR_MODULUS;
      const signature = signatureText(Buffer.concat([r, odd].map(bytesOf)));
      expect(placeOf(0, { command, signer: payer, signature })).toEqual([0]);
    }
    const none = [1n, 2n, 3n, 4n, 5n, 6n, 7n].find((x) => pointWithX(x, false) === null)!;
    const signature = signatureText(Buffer.concat([none, 1n].map(bytesOf)));
    expect(placeOf(0, { command, signer: payer, signature })).toEqual([0]);
  });

  test("when its key is the x of no point", () => {
    const none = [1n, 2n, 3n, 4n, 5n, 6n, 7n].find((x) => pointWithX(x, false) === null)!;
    const signer = publicKeyText({ x: none, isOdd: false });
    const command = { ...commands[0]!.command, feePayer: signer };
    expect(placeOf(0, { ...commands[0]!, command, signer })).toEqual([0]);
  });
});

test("any set of wrong ones among right ones is found, however many are checked at once", {
  tags: ["only-in-all"],
}, () => {
  const right = signedByOthers(16);
  const forged = right.map((each, at) => ({
    ...each,
    signature: right[(at + 3) % right.length]!.signature,
  }));
  const places = fc.uniqueArray(fc.nat({ max: right.length - 1 }), { maxLength: right.length });
  fc.assert(
    fc.property(places, (wrong) => {
      const ascending = [...wrong].sort((a, b) => a - b);
      const commands = right.map((each, at) => (wrong.includes(at) ? forged[at]! : each));
      expect(wrongSignatures(commands, "mainnet")).toEqual(ascending);
    }),
    { numRuns: 5 },
  );
  expect(wrongSignatures([], "mainnet")).toEqual([]);
});

test("two wrong signatures whose errors cancel out are both found", () => {
  // Each by itself is off by one generator; their plain sum would be right.
  const commands = signedByOthers(4);
  const shifted = [1n, -1n].map((by, at) => {
    const [r, s] = numbersOf(commands[at]!.signature);
    const signature = signatureText(Buffer.concat([r, s + by].map(bytesOf)));
    return { ...commands[at]!, signature };
  });
  expect(wrongSignatures([...shifted, ...commands.slice(2)], "mainnet")).toEqual([0, 1]);
});

function pairOf(scalar: bigint) {
  return { scalar, point: consecutivePoints(scalar, 1)[0]! };
}

function numbersOf(signature: SignedCommand["signature"]): [r: bigint, s: bigint] {
  const { r, s } = readSignature(signature);
  const [field, scalar] = [r, s].map((bytes) =>
    BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`),
  );
  return [field!, scalar!];
}

/** Of any number below 2^256. */
function bytesOf(number: bigint): Uint8Array {
  return fieldToBytes(number);
}
