// The ids of the rows that stand for the accounts of a ledger, remembered by an account's index in it: twelve bytes
// each, where its texts would be some three hundred.

/** Indexes, of which there is room for at first. */
const INITIAL_CAPACITY = 1024;

/** No row has it: ids begin with 1. */
const UNKNOWN = 0;

/** Valid for one run on one ledger, whose accounts keep their indexes. */
export class AccountIds {
  #keys = new Int32Array(INITIAL_CAPACITY);
  #identifiers = new Int32Array(INITIAL_CAPACITY);
  #untimed = new Int32Array(INITIAL_CAPACITY);

  isKnown(ledgerIndex: number): boolean {
    return (this.#identifiers[ledgerIndex] ?? UNKNOWN) !== UNKNOWN;
  }

  /** Whether the row is known that says that nothing of the account is locked. */
  isUntimedKnown(ledgerIndex: number): boolean {
    return (this.#untimed[ledgerIndex] ?? UNKNOWN) !== UNKNOWN;
  }

  /** Of its public key; as the others, of an account that is known. */
  keyId(ledgerIndex: number): number {
    return this.#keys[ledgerIndex]!;
  }

  identifierId(ledgerIndex: number): number {
    return this.#identifiers[ledgerIndex]!;
  }

  untimedId(ledgerIndex: number): number {
    return this.#untimed[ledgerIndex]!;
  }

  remember(ledgerIndex: number, keyId: number, identifierId: number): void {
    this.#reserve(ledgerIndex);
    this.#keys[ledgerIndex] = keyId;
    this.#identifiers[ledgerIndex] = identifierId;
  }

  rememberUntimed(ledgerIndex: number, timingId: number): void {
    this.#untimed[ledgerIndex] = timingId;
  }

  #reserve(ledgerIndex: number): void {
    if (ledgerIndex < this.#keys.length) return;
    const capacity = 2 ** Math.ceil(Math.log2(ledgerIndex + 1));
    this.#keys = grown(this.#keys, capacity);
    this.#identifiers = grown(this.#identifiers, capacity);
    this.#untimed = grown(this.#untimed, capacity);
  }
}

function grown(ids: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(capacity);
  more.set(ids);
  return more;
}
