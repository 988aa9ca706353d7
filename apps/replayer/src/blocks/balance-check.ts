// Compares the balances and nonces that the old archive recorded with those of the replay.
//
// A row of its table holds what an account had right after one command. Two kinds of wrong rows are
// known of mainnet's archives: balances of a pair of fee transfers that stand at each other's place,
// and nonces that are wrong or missing. They are counted; any other difference ends the run. Neither
// decides anything: what an account really held is proven by the ledger hash after the block.

import type { RecordedBalance, ReplayBlock } from "@forklift/archive";
import type { Ledger } from "@forklift/ledger";
import { describeCommand, difference } from "./difference.ts";
import type { PlacedTransaction } from "./transactions-of.ts";

interface Comparison {
  readonly recorded: RecordedBalance;
  readonly index: number | undefined;
  /** Nanomina; null when the replay has no such account. */
  readonly replayed: bigint | null;
}

export class BalanceCheck {
  readonly #ledger: Ledger;
  #balances = 0;
  #nonces = 0;
  #swappedBalances = 0;
  #wrongNonces = 0;
  /** Of the block at hand, by sequence number. */
  #waiting = new Map<number, RecordedBalance[]>();
  #waitingCount = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get counts() {
    return {
      balancesCompared: this.#balances,
      noncesCompared: this.#nonces,
      swappedBalances: this.#swappedBalances,
      wrongNonces: this.#wrongNonces,
    };
  }

  /** Before the first transaction of a block. */
  begin(recorded: readonly RecordedBalance[]): void {
    this.#waiting.clear();
    this.#waitingCount = recorded.length;
    for (const row of recorded) {
      const rows = this.#waiting.get(row.sequenceNo);
      if (rows === undefined) this.#waiting.set(row.sequenceNo, [row]);
      else rows.push(row);
    }
  }

  /**
   * After each transaction.
   * @throws VerificationError naming block, command, account and both balances.
   */
  compare(block: ReplayBlock, placed: PlacedTransaction): void {
    const [first] = placed.commands;
    const rows = this.#waiting.get(first.sequenceNo);
    if (rows === undefined) return;
    this.#waitingCount -= rows.length;
    const comparisons = rows.map((recorded) => this.#lookUp(recorded));
    const wrong = comparisons.filter(({ recorded, replayed }) => recorded.balance !== replayed);
    if (isSwapped(placed, wrong)) this.#swappedBalances += 2;
    else if (wrong.length > 0) throw wrongBalance(block, placed, wrong[0]!);
    this.#balances += rows.length;
    for (const { recorded, index } of comparisons) this.#compareNonce(recorded, index!);
  }

  /** After the last transaction. @throws VerificationError when rows are left of a command that is not there. */
  end(block: ReplayBlock): void {
    if (this.#waitingCount === 0) return;
    const known = new Set(block.commands.map(({ sequenceNo }) => sequenceNo));
    const [sequenceNo] = [...this.#waiting.keys()].filter((number) => !known.has(number));
    throw difference(
      block,
      `the old archive records balances after sequence_no ${sequenceNo}, where the target has no command`,
    );
  }

  #lookUp(recorded: RecordedBalance): Comparison {
    const index = this.#ledger.indexOf(recorded.publicKey);
    const replayed = index === undefined ? null : this.#ledger.table.balance(index);
    return { recorded, index, replayed };
  }

  #compareNonce({ nonce }: RecordedBalance, index: number): void {
    if (nonce === null) return;
    this.#nonces += 1;
    if (nonce !== this.#ledger.table.nonce(index)) this.#wrongNonces += 1;
  }
}

/** The two receivers of a pair of fee transfers, each with what the other has. */
function isSwapped({ transaction }: PlacedTransaction, wrong: readonly Comparison[]): boolean {
  const [one, other] = wrong;
  return (
    transaction.kind === "fee_transfer" &&
    wrong.length === 2 &&
    one!.recorded.balance === other!.replayed &&
    other!.recorded.balance === one!.replayed
  );
}

function wrongBalance(
  block: ReplayBlock,
  { commands: [first] }: PlacedTransaction,
  { recorded, replayed }: Comparison,
) {
  return difference(
    block,
    `after ${describeCommand(first)} the old archive records balance ${recorded.balance} of ` +
      `${recorded.publicKey}, its replay gives ${replayed ?? "no such account"}`,
    {
      hint:
        "the command is not what the network applied, or the recorded balance is wrong; to go by " +
        "ledger hashes alone, replay without --source-db, in a job with replay.compareBalances: false",
    },
  );
}
