// The accounts, flat: records of equal size, one after the other in chunks of bytes, and their keys.

import { FIELD_BYTES, FormatError, requireUnsigned, UINT32_MAX, UINT64_MAX } from "@forklift/chain";
import type { PointBytes } from "../text/decoded-texts.ts";
import type { Timing } from "./account.ts";
import { AT, FLAG, RECORD_BYTES } from "./account-record.ts";
import type { EntryKind, Journal } from "./journal.ts";
import { hashKey, KeyIndex } from "./key-index.ts";

/** 0.7 MB a chunk. Growing adds a chunk and copies nothing; the power of two makes it a shift. */
const CHUNK_BITS = 12;
export const CHUNK_ACCOUNTS = 2 ** CHUNK_BITS;
const CHUNK_MASK = CHUNK_ACCOUNTS - 1;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The epoch of the journal in which a record was saved last: a double never counts round. */
  readonly savedIn: Float64Array;
}

/** An account with its texts decoded. Field elements are 32 canonical bytes. */
export interface AccountParts {
  readonly key: PointBytes;
  readonly delegate: PointBytes;
  readonly receiptChainHash: Uint8Array;
  readonly votingFor: Uint8Array;
  /** Nanomina. */
  readonly balance: bigint;
  readonly nonce: bigint;
  /** Null means untimed. */
  readonly timing: Timing | null;
}

/**
 * Indexes are given in the order of creation. An index that no account has, is the caller's
 * mistake: reading it is a RangeError or nonsense, so `Ledger` checks first.
 */
export class AccountTable {
  readonly #journal: Journal;
  readonly #changed: (index: number) => void;
  readonly #rolledBack: (index: number) => void;
  readonly #recordEntry: EntryKind;
  readonly #openEntry: EntryKind;
  readonly #chunks: Chunk[] = [];
  readonly #keys: KeyIndex;
  #count = 0;

  /**
   * @param changed is notified of the index of every account that is opened or written.
   * @param rolledBack is notified of every one that the journal restores or removes.
   */
  constructor(
    journal: Journal,
    changed: (index: number) => void,
    rolledBack: (index: number) => void = () => undefined,
  ) {
    this.#journal = journal;
    this.#changed = changed;
    this.#rolledBack = rolledBack;
    this.#recordEntry = journal.define(RECORD_BYTES, (index, bytes) => {
      this.#chunk(index).bytes.set(bytes, offsetOf(index));
      this.#rolledBack(index);
    });
    this.#openEntry = journal.define(0, (index) => {
      this.#removeLast();
      this.#rolledBack(index);
    });
    this.#keys = new KeyIndex({
      keyHash: (index) => hashKey(this.bytes(index, AT.key), this.#hasFlag(index, FLAG.keyIsOdd)),
      hasKey: (index, x, isOdd) => this.#hasKey(index, x, isOdd),
    });
  }

  get count(): number {
    return this.#count;
  }

  /** The index of the account with that key, or -1. */
  find({ x, isOdd }: PointBytes): number {
    return this.#keys.find(x, isOdd);
  }

  /**
   * Gives the index of the new account.
   * @throws FormatError when the key has an account, RangeError for a number that does not fit;
   * nothing is written then.
   */
  open(parts: AccountParts): number {
    requireParts(parts);
    return this.#open(parts.key, (chunk, index) => writeParts(chunk, index, parts));
  }

  /** @throws RangeError for another key or a number that does not fit; nothing is written then. */
  replace(index: number, parts: AccountParts): void {
    requireParts(parts);
    if (!this.#hasKey(index, parts.key.x, parts.key.isOdd)) {
      throw new RangeError(`account ${index} has another key`);
    }
    writeParts(this.#toWrite(index), index, parts);
  }

  /** The whole record; a view, good until the account is written. */
  record(index: number): Uint8Array {
    const start = offsetOf(index);
    return this.#chunk(index).bytes.subarray(start, start + RECORD_BYTES);
  }

  /** The records of all accounts, one after the other; a copy. */
  records(): Uint8Array<ArrayBuffer> {
    const records = new Uint8Array(this.#count * RECORD_BYTES);
    for (let index = 0; index < this.#count; index += CHUNK_ACCOUNTS) {
      const bytes = Math.min(CHUNK_ACCOUNTS, this.#count - index) * RECORD_BYTES;
      records.set(this.#chunk(index).bytes.subarray(0, bytes), index * RECORD_BYTES);
    }
    return records;
  }

  /**
   * Writes a record of another table, whose accounts this one follows: that of an account which is
   * here, or of the next one.
   * @throws RangeError for an index beyond, FormatError when a new account's key has another one.
   */
  putRecord(index: number, record: Uint8Array): void {
    if (index === this.#count) {
      const isOdd = ((record[AT.flags] ?? 0) & FLAG.keyIsOdd) !== 0;
      const x = record.subarray(AT.key, AT.key + FIELD_BYTES);
      this.#open({ x, isOdd }, ({ bytes }) => bytes.set(record, offsetOf(index)));
    } else {
      if (index > this.#count) throw new RangeError(`account ${index} comes after ${this.#count}`);
      this.#toWrite(index).bytes.set(record, offsetOf(index));
    }
  }

  /** Removes the accounts from that index on, as the other table did by a roll back. */
  removeFrom(index: number): void {
    while (this.#count > index) {
      this.#removeLast();
      this.#changed(this.#count);
    }
  }

  /** 32 bytes of the record from that offset; a view, good until the account is written. */
  bytes(index: number, at: number): Uint8Array {
    const start = offsetOf(index) + at;
    return this.#chunk(index).bytes.subarray(start, start + FIELD_BYTES);
  }

  /** Four bytes of the record from that offset, as a number. */
  uint32(index: number, at: number): number {
    return this.#chunk(index).view.getUint32(offsetOf(index) + at, true);
  }

  /** Nanomina. */
  balance(index: number): bigint {
    return this.#uint64(index, AT.balance);
  }

  nonce(index: number): bigint {
    return BigInt(this.uint32(index, AT.nonce));
  }

  /** 32 bytes; a view, as of `bytes`. */
  receiptChainHash(index: number): Uint8Array {
    return this.bytes(index, AT.receiptChainHash);
  }

  /** 32 bytes; a view, as of `bytes`. */
  votingFor(index: number): Uint8Array {
    return this.bytes(index, AT.votingFor);
  }

  /** The coordinate is a view, as of `bytes`. */
  key(index: number): PointBytes {
    return { x: this.bytes(index, AT.key), isOdd: this.#hasFlag(index, FLAG.keyIsOdd) };
  }

  /** The coordinate is a view, as of `bytes`. */
  delegate(index: number): PointBytes {
    return { x: this.bytes(index, AT.delegate), isOdd: this.#hasFlag(index, FLAG.delegateIsOdd) };
  }

  isTimed(index: number): boolean {
    return this.#hasFlag(index, FLAG.isTimed);
  }

  /** As it is unless somebody set another: a new account delegates to itself. */
  delegatesToItself(index: number): boolean {
    const { x, isOdd } = this.delegate(index);
    return this.#hasKey(index, x, isOdd);
  }

  /** Null means untimed. */
  timing(index: number): Timing | null {
    if (!this.isTimed(index)) return null;
    return {
      initialMinimumBalance: this.#uint64(index, AT.initialMinimumBalance),
      cliffTime: BigInt(this.uint32(index, AT.cliffTime)),
      cliffAmount: this.#uint64(index, AT.cliffAmount),
      vestingPeriod: BigInt(this.uint32(index, AT.vestingPeriod)),
      vestingIncrement: this.#uint64(index, AT.vestingIncrement),
    };
  }

  /** @throws RangeError beyond 64 bits; nothing is written then. */
  setBalance(index: number, balance: bigint): void {
    requireUnsigned(balance, UINT64_MAX);
    this.#toWrite(index).view.setBigUint64(offsetOf(index) + AT.balance, balance, true);
  }

  /** @throws RangeError beyond 32 bits; nothing is written then. */
  setNonce(index: number, nonce: bigint): void {
    requireUnsigned(nonce, UINT32_MAX);
    this.#toWrite(index).view.setUint32(offsetOf(index) + AT.nonce, Number(nonce), true);
  }

  /** Copies 32 canonical bytes. */
  setReceiptChainHash(index: number, hash: Uint8Array): void {
    this.#toWrite(index).bytes.set(hash, offsetOf(index) + AT.receiptChainHash);
  }

  setDelegate(index: number, { x, isOdd }: PointBytes): void {
    const { bytes, view } = this.#toWrite(index);
    bytes.set(x, offsetOf(index) + AT.delegate);
    setFlag(view, index, FLAG.delegateIsOdd, isOdd);
  }

  /** Null makes the account untimed. @throws RangeError as above; nothing is written then. */
  setTiming(index: number, timing: Timing | null): void {
    if (timing === null && !this.isTimed(index)) return;
    requireTiming(timing);
    writeTiming(this.#toWrite(index).view, index, timing);
  }

  #open(key: PointBytes, write: (chunk: Chunk, index: number) => void): number {
    const holder = this.find(key);
    if (holder >= 0) throw new FormatError(`the key has an account already, at index ${holder}`);
    const index = this.#count;
    if (index === this.#chunks.length * CHUNK_ACCOUNTS) this.#chunks.push(newChunk());
    const chunk = this.#chunk(index);
    write(chunk, index);
    this.#count += 1;
    this.#keys.add();
    if (this.#journal.isOpen) this.#journal.save(this.#openEntry, index);
    // Taking it back takes the whole account away: until the next mark nothing else need be saved.
    chunk.savedIn[index & CHUNK_MASK] = this.#journal.epoch;
    this.#changed(index);
    return index;
  }

  /** The chunk of an account that is about to change: saves the record, once an epoch. */
  #toWrite(index: number): Chunk {
    const chunk = this.#chunk(index);
    const { epoch } = this.#journal;
    if (epoch !== 0 && chunk.savedIn[index & CHUNK_MASK] !== epoch) {
      const offset = offsetOf(index);
      const record = chunk.bytes.subarray(offset, offset + RECORD_BYTES);
      this.#journal.save(this.#recordEntry, index, record);
      chunk.savedIn[index & CHUNK_MASK] = epoch;
    }
    this.#changed(index);
    return chunk;
  }

  #removeLast(): void {
    this.#keys.removeLast();
    this.#count -= 1;
  }

  #chunk(index: number): Chunk {
    const chunk = this.#chunks[index >>> CHUNK_BITS];
    if (chunk === undefined) throw new RangeError(`no account ${index} among ${this.#count}`);
    return chunk;
  }

  #uint64(index: number, at: number): bigint {
    return this.#chunk(index).view.getBigUint64(offsetOf(index) + at, true);
  }

  #hasFlag(index: number, flag: number): boolean {
    return (this.uint32(index, AT.flags) & flag) !== 0;
  }

  #hasKey(index: number, x: Uint8Array, isOdd: boolean): boolean {
    const { bytes } = this.#chunk(index);
    const start = offsetOf(index) + AT.key;
    for (let at = 0; at < FIELD_BYTES; at++) if (bytes[start + at] !== x[at]) return false;
    return this.#hasFlag(index, FLAG.keyIsOdd) === isOdd;
  }
}

const NO_TIMING: Timing = {
  initialMinimumBalance: 0n,
  cliffTime: 0n,
  cliffAmount: 0n,
  vestingPeriod: 0n,
  vestingIncrement: 0n,
};

/** Of the record, within its chunk. */
function offsetOf(index: number): number {
  return (index & CHUNK_MASK) * RECORD_BYTES;
}

function newChunk(): Chunk {
  const bytes = new Uint8Array(CHUNK_ACCOUNTS * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  return { bytes, view, savedIn: new Float64Array(CHUNK_ACCOUNTS) };
}

function writeParts(chunk: Chunk, index: number, parts: AccountParts): void {
  const { bytes, view } = chunk;
  const offset = offsetOf(index);
  bytes.set(parts.key.x, offset + AT.key);
  bytes.set(parts.delegate.x, offset + AT.delegate);
  bytes.set(parts.receiptChainHash, offset + AT.receiptChainHash);
  bytes.set(parts.votingFor, offset + AT.votingFor);
  view.setBigUint64(offset + AT.balance, parts.balance, true);
  view.setUint32(offset + AT.nonce, Number(parts.nonce), true);
  setFlag(view, index, FLAG.keyIsOdd, parts.key.isOdd);
  setFlag(view, index, FLAG.delegateIsOdd, parts.delegate.isOdd);
  writeTiming(view, index, parts.timing);
}

function writeTiming(view: DataView, index: number, timing: Timing | null): void {
  const offset = offsetOf(index);
  const parts = timing ?? NO_TIMING;
  view.setBigUint64(offset + AT.initialMinimumBalance, parts.initialMinimumBalance, true);
  view.setBigUint64(offset + AT.cliffAmount, parts.cliffAmount, true);
  view.setBigUint64(offset + AT.vestingIncrement, parts.vestingIncrement, true);
  view.setUint32(offset + AT.cliffTime, Number(parts.cliffTime), true);
  view.setUint32(offset + AT.vestingPeriod, Number(parts.vestingPeriod), true);
  setFlag(view, index, FLAG.isTimed, timing !== null);
}

function setFlag(view: DataView, index: number, flag: number, value: boolean): void {
  const at = offsetOf(index) + AT.flags;
  const flags = view.getUint32(at, true);
  view.setUint32(at, value ? flags | flag : flags & ~flag, true);
}

function requireParts({ balance, nonce, timing }: AccountParts): void {
  requireUnsigned(balance, UINT64_MAX);
  requireUnsigned(nonce, UINT32_MAX);
  requireTiming(timing);
}

function requireTiming(timing: Timing | null): void {
  if (timing === null) return;
  requireUnsigned(timing.initialMinimumBalance, UINT64_MAX);
  requireUnsigned(timing.cliffTime, UINT32_MAX);
  requireUnsigned(timing.cliffAmount, UINT64_MAX);
  requireUnsigned(timing.vestingPeriod, UINT32_MAX);
  requireUnsigned(timing.vestingIncrement, UINT64_MAX);
}
