// Signatures checked, in the numbers that blocks have them: made here, since all that counts is how many.

import { parseMemo, publicKeyText } from "@forklift/chain";
import { consecutivePoints, signCommand, wrongSignatures } from "../dist/index.js";

/** As many as a full block has. */
const FULL_BLOCK = 128;

/** As many as two threads get together. */
const MANY = 512;

const EMPTY_MEMO = parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH");

/** Of as many payers, each with a nonce of its own. */
function signedCommands() {
  const pairs = pairsFrom(10n ** 60n);
  const nonces = pairsFrom(10n ** 70n);
  return pairs.map((key, at) => {
    const { x, y } = key.point;
    const signer = publicKeyText({ x, isOdd: y % 2n === 1n });
    const command = {
      type: "payment",
      feePayer: signer,
      source: signer,
      receiver: signer,
      nonce: BigInt(at),
      amount: 1_000_000_000n,
      fee: 10_000_000n,
      validUntil: null,
      memo: EMPTY_MEMO,
    };
    const signature = signCommand(command, { key, nonce: nonces[at], kind: "testnet" });
    return { command, signer, signature };
  });
}

function pairsFrom(first) {
  return consecutivePoints(first, MANY).map((point, at) => ({ scalar: first + BigInt(at), point }));
}

/** Keys are known from the second round on, as those of most payers are. */
export function signatureSubjects() {
  const commands = signedCommands();
  const together = (count) => ({
    operations: count,
    run() {
      // A run takes longer than other programs leave a processor alone: what counts is its own time.
      const start = process.cpuUsage();
      const wrong = wrongSignatures(commands.slice(0, count), "testnet");
      if (wrong.length > 0) throw new Error(`the signature of command ${wrong[0]} is wrong`);
      return process.cpuUsage(start).user / 1000;
    },
  });
  return { block_us: together(FULL_BLOCK), many_us: together(MANY), alone_us: together(1) };
}
