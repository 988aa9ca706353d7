// Does every change of an account follow from the commands of its block? Sums and counts, not a replay:
// what flowed in and out, how many commands the account paid for, whom it came to delegate to. With the
// ledger hash behind the accounts this proves each command's status, amount and fee.

import type { Account } from "@forklift/chain";
import { ACCOUNT_CREATION_FEE, minimumBalance } from "@forklift/ledger";
import type { WalkCheck } from "../check.ts";
import { commandOfRow } from "../command-of-row.ts";
import { compareRowLists, placeOf, type Row } from "../compare-rows.ts";
import { DEFAULT_TOKEN } from "../tables.ts";
import type { AccountChange } from "../walk/rebuilt-ledger.ts";

const GENESIS_HEIGHT = 1n;

export const accountsFollowCommands: WalkCheck = {
  id: "accounts-follow-commands",
  name: "balances, nonces, delegates and new accounts follow from the commands",
  needs: [],

  follow(_scope, findings) {
    return {
      see({ height, place, blocks, userCommands, internalCommands, changes, created }) {
        const lists = { table: "accounts_created", key: ["public_key"], place, found: created };
        if (height === GENESIS_HEIGHT) {
          // Its accounts were there before any block.
          compareRowLists({ ...lists, expected: [] }, findings);
          return;
        }
        const effects = new Effects();
        for (const row of userCommands) effects.addUserCommand(row);
        effects.addInternalCommands(internalCommands);
        const slot = BigInt(blocks[0]?.["global_slot_since_genesis"] ?? 0);
        for (const change of changes) {
          findings.rowCompared();
          const { publicKey } = change.after;
          const expected = accountRow(effects.applyTo(change));
          const found = accountRow(change.after);
          // Vesting ends by itself, as soon as nothing is locked any more.
          const timing = change.before?.timing ?? null;
          const mayEnd = timing !== null && minimumBalance(timing, slot as never) === 0n;
          if (mayEnd && change.after.timing === null) expected["timing"] = found["timing"]!;
          const key = `${place}, public_key ${publicKey}`;
          for (const [name, value] of Object.entries(expected)) {
            if (value === found[name]) continue;
            findings.compare(placeOf("accounts_accessed", name, key), value, found[name]!);
          }
        }
        const opened = changes
          .filter(({ before }) => before === null)
          .map(
            ({ after }): Row => ({
              public_key: after.publicKey,
              token: DEFAULT_TOKEN,
              creation_fee: String(ACCOUNT_CREATION_FEE),
            }),
          );
        compareRowLists({ ...lists, expected: opened }, findings);
      },
    };
  },
};

/** What the commands of a block do to each account. */
class Effects {
  readonly #flows = new Map<string, bigint>();
  readonly #nonces = new Map<string, bigint>();
  readonly #delegates = new Map<string, Account["delegate"]>();

  addUserCommand(row: Row): void {
    const command = commandOfRow(row);
    this.#flow(command.feePayer, -command.fee);
    this.#nonces.set(command.feePayer, (this.#nonces.get(command.feePayer) ?? 0n) + 1n);
    if (row["status"] !== "applied") return;
    if (command.type === "delegation") this.#delegates.set(command.source, command.receiver);
    this.#flow(command.source, -(command.amount ?? 0n));
    this.#flow(command.receiver, command.amount ?? 0n);
  }

  /** The fee of a coinbase is all that it creates; the fee transfer beside it is taken from that. */
  addInternalCommands(rows: readonly Row[]): void {
    const coinbaseAt = new Map<string, string>();
    for (const row of rows) {
      const place = `${row["sequence_no"]}.${row["secondary_sequence_no"]}`;
      const [receiver, fee] = [row["receiver"] ?? "", BigInt(row["fee"] ?? 0)];
      this.#flow(receiver, fee);
      if (row["command_type"] === "coinbase") coinbaseAt.set(place, receiver);
      if (row["command_type"] === "fee_transfer_via_coinbase") {
        this.#flow(coinbaseAt.get(place) ?? "", -fee);
      }
    }
  }

  /** The account as it must be after the block. */
  applyTo({ before, after }: AccountChange): Account {
    const key: string = after.publicKey;
    const opening = before === null ? ACCOUNT_CREATION_FEE : 0n;
    return {
      ...after,
      balance: (before?.balance ?? 0n) + (this.#flows.get(key) ?? 0n) - opening,
      nonce: (before?.nonce ?? 0n) + (this.#nonces.get(key) ?? 0n),
      delegate: this.#delegates.get(key) ?? before?.delegate ?? after.publicKey,
      votingFor: before?.votingFor ?? after.votingFor,
      timing: before?.timing ?? null,
    };
  }

  #flow(key: string, amount: bigint): void {
    this.#flows.set(key, (this.#flows.get(key) ?? 0n) + amount);
  }
}

function accountRow({ balance, nonce, delegate, votingFor, timing }: Account) {
  const row: Record<string, string> = {
    balance: String(balance),
    nonce: String(nonce),
    delegate,
    voting_for: votingFor,
    timing: timing === null ? "untimed" : Object.values(timing).join(", "),
  };
  return row;
}
