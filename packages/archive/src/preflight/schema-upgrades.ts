// Archives of older releases: what upstream's own scripts add to them, and so what a database lacks that
// is old or half upgraded, and not half made.

import type { Era } from "@forklift/schemas";

interface Upgrade {
  /** Columns as `table.column`. */
  readonly adds: readonly string[];
  /** The script or program, by its name in upstream's repository. */
  readonly by: string;
}

interface OlderReleases {
  /** In the words of a message. */
  readonly oldest: string;
  readonly current: string;
  readonly upgrades: readonly Upgrade[];
}

const OLDER_RELEASES: Readonly<Record<Era, OlderReleases>> = {
  mainnet: {
    oldest: "schema release 1.0",
    current: "2.0",
    upgrades: [
      { adds: ["blocks.chain_status"], by: "scripts/archive/add_chain_status.sh" },
      {
        adds: [
          "balances.block_id",
          "balances.block_height",
          "balances.block_sequence_no",
          "balances.block_secondary_sequence_no",
        ],
        by: "the app migrate-balances-table",
      },
      { adds: ["balances.nonce"], by: "scripts/archive/add_balance_nonce.sh" },
      {
        adds: ["blocks_internal_commands.receiver_account_creation_fee_paid"],
        by: "scripts/archive/internal-command-account-fees.sh",
      },
    ],
  },
  berkeley: {
    oldest: "a schema before release 3.0",
    current: "3.0",
    upgrades: [
      {
        adds: [
          "zkapp_permissions.set_verification_key_auth",
          "zkapp_permissions.set_verification_key_txn_version",
        ],
        by: "patch_migrated_db.sql",
      },
    ],
  },
};

export interface OlderSchema {
  /** The release of which it is or was, in the words of a message. */
  readonly oldest: string;
  /** Some of what the upgrades add is there. */
  readonly isPartlyUpgraded: boolean;
  /** The release that we read or write. */
  readonly current: string;
  /** What is still to be run, in upstream's order. */
  readonly upgrades: readonly string[];
}

/**
 * @param lacking columns as `table.column`.
 * @returns null when a column is among them that every release had.
 */
export function olderSchema(era: Era, lacking: readonly string[]): OlderSchema | null {
  const { oldest, current, upgrades } = OLDER_RELEASES[era];
  const added = new Set(upgrades.flatMap(({ adds }) => adds));
  if (!lacking.every((column) => added.has(column))) return null;
  const missing = new Set(lacking);
  return {
    oldest,
    isPartlyUpgraded: missing.size < added.size,
    current,
    upgrades: upgrades
      .filter(({ adds }) => adds.some((column) => missing.has(column)))
      .map(({ by }) => by),
  };
}
