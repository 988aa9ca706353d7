// The undo journal: while a mark is open, what is overwritten is kept as bytes, so that rolling back
// restores it all without computing anything again. Without an open mark nothing is kept.

/** A moment to return to. Marks nest: the last one set is the first one closed. */
export interface Mark {
  /** Where the log ended at that moment, in bytes. */
  readonly logEnd: number;
}

/** Takes one entry back. The bytes are a view, good only during the call. */
export type Undo = (place: number, bytes: Uint8Array) => void;

/** A sort of entry: its number is good for `save` in the journal that gave it. */
export type EntryKind = number;

/** Behind the bytes of an entry stand its index and its kind, u32 each, to be read from the end. */
const TRAILER_BYTES = 8;

/** Some hundred blocks; once no mark is open, a journal that has grown beyond shrinks back. */
const INITIAL_BYTES = 1024 * 1024;

const NO_BYTES = new Uint8Array(0);

interface EntrySort {
  readonly bytes: number;
  readonly undo: Undo;
}

/**
 * One for all the parts of a ledger, so that their changes are taken back in the reverse order of
 * how they were made, across the parts.
 */
export class Journal {
  readonly #sorts: EntrySort[] = [];
  readonly #marks: Mark[] = [];
  #log = NO_BYTES;
  #view = viewOf(NO_BYTES);
  #length = 0;
  #marksEver = 0;
  #epoch = 0;

  /** Introduces entries of `bytes` bytes each. */
  define(bytes: number, undo: Undo): EntryKind {
    this.#sorts.push({ bytes, undo });
    return this.#sorts.length - 1;
  }

  get isOpen(): boolean {
    return this.#epoch !== 0;
  }

  /**
   * 0 without an open mark; else a number that changes whenever a mark is set or closed. What was
   * saved in the epoch at hand need not be saved again.
   */
  get epoch(): number {
    return this.#epoch;
  }

  mark(): Mark {
    const mark = { logEnd: this.#length };
    this.#marks.push(mark);
    this.#beginEpoch();
    return mark;
  }

  /**
   * Takes back what was done since the mark, and closes it with every mark inside it.
   * @throws RangeError for a mark that is closed, or of another journal.
   */
  rollBack(mark: Mark): void {
    const depth = this.#depthOf(mark);
    while (this.#length > mark.logEnd) this.#undoLast();
    this.#closeFrom(depth);
  }

  /**
   * Closes the mark and every mark inside it. Their changes stay; a mark outside takes them back.
   * @throws RangeError for a mark that is closed, or of another journal.
   */
  forget(mark: Mark): void {
    this.#closeFrom(this.#depthOf(mark));
  }

  /** Only while a mark is open. The bytes are copied; an entry may have none. */
  save(kind: EntryKind, place: number, bytes: Uint8Array = NO_BYTES): void {
    const start = this.#length;
    const end = start + bytes.length + TRAILER_BYTES;
    if (end > this.#log.length) this.#grow(end);
    this.#log.set(bytes, start);
    this.#view.setUint32(end - TRAILER_BYTES, place, true);
    this.#view.setUint32(end - TRAILER_BYTES / 2, kind, true);
    this.#length = end;
  }

  #undoLast(): void {
    const trailer = this.#length - TRAILER_BYTES;
    const place = this.#view.getUint32(trailer, true);
    const { bytes, undo } = this.#sorts[this.#view.getUint32(trailer + TRAILER_BYTES / 2, true)]!;
    this.#length = trailer - bytes;
    undo(place, this.#log.subarray(trailer - bytes, trailer));
  }

  #depthOf(mark: Mark): number {
    const depth = this.#marks.lastIndexOf(mark);
    if (depth < 0) throw new RangeError("the mark is closed already, expected an open one");
    return depth;
  }

  #closeFrom(depth: number): void {
    this.#marks.length = depth;
    if (depth > 0) {
      this.#beginEpoch();
      return;
    }
    this.#epoch = 0;
    this.#length = 0;
    if (this.#log.length > INITIAL_BYTES) this.#allocate(NO_BYTES, INITIAL_BYTES);
  }

  /** Counts on: an epoch that comes back would pass for one in which a record was saved. */
  #beginEpoch(): void {
    this.#marksEver += 1;
    this.#epoch = this.#marksEver;
  }

  #grow(needed: number): void {
    let capacity = Math.max(this.#log.length, INITIAL_BYTES);
    while (capacity < needed) capacity *= 2;
    this.#allocate(this.#log, capacity);
  }

  #allocate(kept: Uint8Array, capacity: number): void {
    this.#log = new Uint8Array(capacity);
    this.#log.set(kept);
    this.#view = viewOf(this.#log);
  }
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer);
}
