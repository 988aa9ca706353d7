// Writes a bundle of large blocks to stdout, as a tar archive: real blocks of mainnet's beginning, each
// blown up to the 0.6 MB that blocks of the last months have. Their protocol states are untouched, so
// every member still verifies; what is added are commands of other blocks with numbers and signatures of
// their own, and proofs, which pack to three quarters and no less, as real ones do.
//
// node packages/precomputed/bench/make-bundle.js --blocks 3400 | zstd > /elsewhere/blocks.tar.zst

import { createHash } from "node:crypto";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { packTar } from "modern-tar";
import { readBlockFiles, withBlockFolder } from "./block-files.js";

const { values: options } = parseArgs({
  options: {
    blocks: { type: "string", default: "3400" },
    kilobytes: { type: "string", default: "600" },
  },
});
const BLOCK_BYTES = 1000 * Number(options.kilobytes);

/** Of what is added: the rest is proofs. */
const COMMANDS_SHARE = 0.4;

/** A proof in a block file. */
const PROOF_BYTES = 9_800;

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

function blownUp(json, commands) {
  const missing = BLOCK_BYTES - JSON.stringify(json).length;
  const added = { commands: [], proofs: [] };
  for (let bytes = 0; bytes < COMMANDS_SHARE * missing; ) {
    const command = otherCommand(commands[noise.take(4).readUInt32BE() % commands.length]);
    added.commands.push(JSON.parse(command));
    bytes += command.length;
  }
  for (let bytes = 0; bytes < (1 - COMMANDS_SHARE) * missing; bytes += PROOF_BYTES) {
    added.proofs.push(noise.take((PROOF_BYTES * 3) / 4).toString("base64url"));
  }
  return JSON.stringify({ ...json, added });
}

await withBlockFolder(async (folder) => {
  const files = await readBlockFiles(folder);
  const commands = [...files.values()].flatMap((bytes) =>
    JSON.parse(bytes.toString("latin1")).staged_ledger_diff.diff.flatMap((half) =>
      (half?.commands ?? []).map((command) => JSON.stringify(command)),
    ),
  );
  const chosen = [...files].slice(0, Number(options.blocks));
  for (const [at, [name, bytes]] of chosen.entries()) {
    const body = Buffer.from(blownUp(JSON.parse(bytes.toString("latin1")), commands), "latin1");
    const tar = await packTar([{ header: { name: `blocks/${name}`, size: body.length }, body }]);
    // Each is an archive of its own, with an end that belongs behind the last one only.
    const part = at + 1 === chosen.length ? tar : tar.subarray(0, -1024);
    if (!process.stdout.write(part)) await once(process.stdout, "drain");
  }
});
