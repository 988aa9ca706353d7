// Which block opens which account, by the commands of verified files: so is known where the source should record a
// creation fee. Nothing is migrated from that column, but a verification compares it.

import { type Healed, readReceivers, type SourceRows, type SourceTexts } from "@forklift/archive";
import type { BlockRef, PublicKey } from "@forklift/chain";
import { ACCOUNT_CREATION_FEE } from "@forklift/ledger";
import type { ProvenBlock } from "../blocks/proven-block.ts";
import type { MigratorContext } from "../context.ts";

const COLUMN = "receiver_account_creation_fee_paid";

/** Keeps every account by its key, as the replay keeps every account: some 100 bytes each. */
export class OpenedAccounts {
  readonly #keys: Set<PublicKey>;

  private constructor(keys: Set<PublicKey>) {
    this.#keys = keys;
  }

  /** Those that are there before the first block. */
  static atGenesis({ genesisLedger }: Pick<MigratorContext, "genesisLedger">): OpenedAccounts {
    return new OpenedAccounts(new Set(genesisLedger.accounts.map(({ publicKey }) => publicKey)));
  }

  /** Those that are there with the blocks that the target holds. */
  static async of({
    target,
    genesisLedger,
  }: Pick<MigratorContext, "target" | "genesisLedger">): Promise<OpenedAccounts> {
    const accounts = OpenedAccounts.atGenesis({ genesisLedger });
    for await (const key of readReceivers(target)) accounts.#keys.add(key);
    return accounts;
  }

  /** The accounts that the block opens, which are there from now on. */
  open({ userCommands, internalCommands }: ProvenBlock): ReadonlySet<string> {
    const opened = new Set<string>();
    const receive = (key: PublicKey) => {
      if (this.#keys.has(key)) return;
      this.#keys.add(key);
      opened.add(key);
    };
    for (const { command, status } of userCommands) {
      if (command.type === "payment" && status === "applied") receive(command.receiver);
    }
    for (const { command } of internalCommands) receive(command.receiver);
    return opened;
  }
}

/**
 * What the source records of fees otherwise. Of the rows of one account in a block any may tell of it.
 * @param rows whose commands are those of the file.
 */
export function feesThatDiffer(
  { height, stateHash }: BlockRef,
  { userCommands, internalCommands }: SourceRows,
  opened: ReadonlySet<string>,
): Healed[] {
  const given = [
    ...userCommands
      .filter(({ status }) => status === "applied")
      .map((row) => ({ row, table: "blocks_user_commands" })),
    ...internalCommands.map((row) => ({ row, table: "blocks_internal_commands" })),
  ];
  const byReceiver = new Map<string, typeof given>();
  for (const receipt of given) {
    const key = receipt.row["receiver"]!;
    byReceiver.set(key, [...(byReceiver.get(key) ?? []), receipt]);
  }
  return [...byReceiver].flatMap(([key, receipts]) => {
    const expected = opened.has(key) ? String(ACCOUNT_CREATION_FEE) : null;
    const fees = receipts.map(({ row }) => recordedFee(row)).filter((fee) => fee !== null);
    const isRight = expected === null ? fees.length === 0 : fees[0] === expected;
    if (isRight && fees.every((fee) => fee === expected)) return [];
    const wrong = receipts.find(
      ({ row }) => recordedFee(row) !== expected && recordedFee(row) !== null,
    );
    return [
      {
        part: "creation fees",
        table: (wrong ?? receipts[0]!).table,
        key: `height ${height}, state_hash ${stateHash}, public_key ${key}`,
        column: COLUMN,
        ofSource: fees.find((fee) => fee !== expected) ?? "NULL",
        ofFile: expected ?? "NULL",
        settledBy: "chain",
      },
    ];
  });
}

function recordedFee(row: SourceTexts): string | null {
  return row["creationFee"] ?? null;
}
