// Blows blocks of mainnet's beginning up to the size that blocks of its last months have. Their protocol
// states are untouched, so every one still verifies; what is added are commands of other blocks with
// numbers and signatures of their own, and works with proofs, which pack to three quarters and no less,
// as real ones do.

import { createHash } from "node:crypto";

/** A proof in a block file. */
const PROOF_BYTES = 9_800;

/** What a proof is of: some 1,500 bytes of hashes and amounts. */
const STATEMENT = Array.from(
  { length: 28 },
  () => "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee",
);

/** Bytes that nobody can pack, and the same at every run. */
class Noise {
  #pool = Buffer.alloc(0);
  #rounds = 0;

  take(bytes) {
    while (this.#pool.length < bytes) {
      const hash = createHash("shake256", { outputLength: 1 << 20 });
      this.#pool = Buffer.concat([this.#pool, hash.update(`noise ${this.#rounds++}`).digest()]);
    }
    const taken = this.#pool.subarray(0, bytes);
    this.#pool = this.#pool.subarray(bytes);
    return taken;
  }
}

const noise = new Noise();

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

function otherCommand(text) {
  return text
    .replace(
      /"7mX[^"]*"/,
      () => `"7mX${[...noise.take(93)].map((at) => BASE58[at % 58]).join("")}"`,
    )
    .replace(/"[0-9]{4,}"/g, (number) =>
      `"${noise.take(6).readUIntBE(0, 6)}"`.padEnd(number.length),
    );
}

/** The texts of the commands of block files. */
export function commandsIn(files) {
  return [...files].flatMap((bytes) =>
    JSON.parse(bytes.toString("latin1")).staged_ledger_diff.diff.flatMap((half) =>
      (half?.commands ?? []).map((command) => JSON.stringify(command)),
    ),
  );
}

/**
 * @param commandsShare of what is added; the rest is works.
 * @returns {Buffer} a block file of at least so many bytes, unless it has as many already.
 */
export function blownUp(file, { bytes: wanted, commands, commandsShare }) {
  const missing = wanted - file.length;
  const added = { commands: [], completed_works: [] };
  for (let bytes = 0; bytes < commandsShare * missing; ) {
    const command = otherCommand(commands[noise.take(4).readUInt32BE() % commands.length]);
    added.commands.push(JSON.parse(command));
    bytes += command.length;
  }
  for (let bytes = 0; bytes < (1 - commandsShare) * missing; ) {
    const proof = noise.take((PROOF_BYTES * 3) / 4).toString("base64url");
    const work = { statement: STATEMENT, proof };
    added.completed_works.push(work);
    bytes += JSON.stringify(work).length;
  }
  const json = JSON.parse(file.toString("latin1"));
  return Buffer.from(JSON.stringify({ ...json, added }), "latin1");
}
