// The memory through which the threads of a pool share one job: many inputs of one form to be hashed.
//
// A job is cut into pieces, which threads claim by counting down. One word holds the number of the job
// and the pieces that nobody has claimed yet, so that a thread which comes late, when the next job has
// begun, cannot claim by what it knew of the last. What a job is, is written before its pieces can be
// claimed, and stays until the last of them is done.

import assert from "node:assert/strict";
import { FIELD_BYTES } from "@forklift/chain";
import type { HashName } from "../poseidon/hash-inputs.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import { bytesOfPrefix } from "../poseidon/prefixed-hash.ts";
import { HASHED_AT_ONCE_MAX } from "./leaf-window.ts";

/** Pairs in an input, at most: an account's. */
const PAIRS_MAX = 4;

/** Words of the header, 32 bits each. */
const WORD = { claims: 0, undone: 1, failed: 2, count: 3, pairs: 4, piece: 5, hash: 6 } as const;
const HEADER_BYTES = 64;
const PREFIX_AT = 32;
const PREFIX_BYTES = bytesOfPrefix("").length;

const INPUTS_AT = HEADER_BYTES;
const HASHES_AT = INPUTS_AT + HASHED_AT_ONCE_MAX * PAIRS_MAX * PAIR_BYTES;
const BYTES = HASHES_AT + HASHED_AT_ONCE_MAX * FIELD_BYTES;

/** Pieces of a job are counted in these bits of a word, the number of the job in those above. */
const PIECES_BITS = 12;
const PIECES_MASK = 2 ** PIECES_BITS - 1;

const HASHES: readonly HashName[] = ["legacy", "kimchi"];

export interface Job {
  readonly hash: HashName;
  readonly prefix: string;
  readonly inputs: Uint8Array;
  readonly pairs: number;
}

/** Inputs from one number up to another, to be hashed by whoever claimed them. */
export interface Piece extends Job {
  readonly from: number;
  readonly to: number;
}

export class PoolMemory {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #prefix: Uint8Array;

  /** @param buffer of another thread's; without one memory for a new pool is made, 1.2 MB. */
  constructor(buffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.#prefix = new Uint8Array(buffer, PREFIX_AT, PREFIX_BYTES);
  }

  /** Whoever waits for a job is woken. @param pieceInputs inputs in a piece. */
  begin({ hash, prefix, inputs, pairs }: Job, pieceInputs: number): void {
    const count = inputs.length / (pairs * PAIR_BYTES);
    assert(Number.isInteger(count) && count <= HASHED_AT_ONCE_MAX && pairs <= PAIRS_MAX);
    const pieces = Math.ceil(count / pieceInputs);
    new Uint8Array(this.buffer, INPUTS_AT).set(inputs);
    this.#prefix.set(bytesOfPrefix(prefix));
    this.#words[WORD.count] = count;
    this.#words[WORD.pairs] = pairs;
    this.#words[WORD.piece] = pieceInputs;
    this.#words[WORD.hash] = HASHES.indexOf(hash);
    Atomics.store(this.#words, WORD.undone, pieces);
    const job = (Atomics.load(this.#words, WORD.claims) >> PIECES_BITS) + 1;
    Atomics.store(this.#words, WORD.claims, (job << PIECES_BITS) | pieces);
    Atomics.notify(this.#words, WORD.claims);
  }

  /** A piece that is the caller's alone, or null when none is left. */
  claim(): Piece | null {
    for (;;) {
      const claims = Atomics.load(this.#words, WORD.claims);
      const left = claims & PIECES_MASK;
      if (left === 0) return null;
      if (Atomics.compareExchange(this.#words, WORD.claims, claims, claims - 1) === claims) {
        return this.#piece(left - 1);
      }
    }
  }

  /** The piece is hashed, or cannot be. */
  finish({ from }: Piece, hashes: Uint8Array | null): void {
    if (hashes === null) Atomics.store(this.#words, WORD.failed, 1);
    else new Uint8Array(this.buffer, HASHES_AT + from * FIELD_BYTES).set(hashes);
    if (Atomics.sub(this.#words, WORD.undone, 1) === 1) Atomics.notify(this.#words, WORD.undone);
  }

  /** Blocks the thread until a job has begun in which pieces are left. */
  waitForJob(): void {
    for (;;) {
      const claims = Atomics.load(this.#words, WORD.claims);
      if ((claims & PIECES_MASK) !== 0) return;
      Atomics.wait(this.#words, WORD.claims, claims);
    }
  }

  /**
   * Blocks the thread until every piece is done, and gives the hashes; a copy.
   * @throws Error when a piece could not be hashed, or is not done in that time: a thread has ended.
   */
  waitForHashes(patienceMs: number): Uint8Array {
    for (;;) {
      const undone = Atomics.load(this.#words, WORD.undone);
      if (undone === 0) break;
      if (Atomics.wait(this.#words, WORD.undone, undone, patienceMs) === "timed-out") {
        throw new Error(`${undone} pieces of a job were not hashed within ${patienceMs} ms`);
      }
    }
    if (Atomics.load(this.#words, WORD.failed) !== 0) throw new Error("a thread failed to hash");
    const length = this.#words[WORD.count]! * FIELD_BYTES;
    return new Uint8Array(this.buffer, HASHES_AT, length).slice();
  }

  #piece(number: number): Piece {
    const pairs = this.#words[WORD.pairs]!;
    const from = number * this.#words[WORD.piece]!;
    const to = Math.min(from + this.#words[WORD.piece]!, this.#words[WORD.count]!);
    const inputBytes = pairs * PAIR_BYTES;
    const at = INPUTS_AT + from * inputBytes;
    return {
      hash: HASHES[this.#words[WORD.hash]!]!,
      prefix: Buffer.from(this.#prefix).toString("ascii"),
      inputs: new Uint8Array(this.buffer, at, (to - from) * inputBytes),
      pairs,
      from,
      to,
    };
  }
}
