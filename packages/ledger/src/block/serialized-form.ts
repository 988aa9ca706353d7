// The serialized form of a transaction, as its hash is made from: written piece by piece into one
// buffer that is used again and again.
//
// Most values begin with the version of their type, which is 1 throughout, and a type inside a type
// brings its own: hence the runs of tags.

import type { PublicKey } from "@forklift/chain";
import { FIELD_BYTES } from "@forklift/chain";
import { pointBytes } from "../text/decoded-texts.ts";

/** A payment with the longest integers takes 299. */
const FORM_BYTES_MAX = 320;

const TYPE_VERSION = 1;

export class SerializedForm {
  readonly #buffer = Buffer.alloc(FORM_BYTES_MAX);
  #end = 0;

  /** Forgets what was written before. */
  begin(): this {
    this.#end = 0;
    return this;
  }

  byte(value: number): this {
    this.#buffer[this.#end++] = value;
    return this;
  }

  tags(count: number): this {
    for (let tag = 0; tag < count; tag++) this.#buffer[this.#end++] = TYPE_VERSION;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    return this;
  }

  /** Behind their number. */
  sized(bytes: Uint8Array): this {
    return this.byte(bytes.length).bytes(bytes);
  }

  publicKey(key: PublicKey): this {
    const { x, isOdd } = pointBytes(key);
    this.tags(2);
    this.#buffer.set(x, this.#end);
    this.#end += FIELD_BYTES;
    return this.byte(isOdd ? 1 : 0);
  }

  /**
   * An integer in as few bytes as it takes, behind a code for how many. An unsigned integer is read
   * as a signed one of its width first, so the greatest of them is written as -1.
   */
  integer(unsigned: bigint, width: 32 | 64): this {
    const value = BigInt.asIntN(width, unsigned);
    if (value >= 0n && value < 0x80n) return this.byte(Number(value));
    const at = this.#end + 1;
    this.#buffer.writeBigInt64LE(value, at);
    if (value >= -0x80n && value < 0n) return this.#coded(0xff, 1);
    if (BigInt.asIntN(16, value) === value) return this.#coded(0xfe, 2);
    if (BigInt.asIntN(32, value) === value) return this.#coded(0xfd, 4);
    return this.#coded(0xfc, 8);
  }

  /** A view, good until the next `begin`. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#end);
  }

  #coded(code: number, valueBytes: number): this {
    this.byte(code);
    this.#end += valueBytes;
    return this;
  }
}
