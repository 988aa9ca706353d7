// The hand-over report of a final run: what the archive of the new chain must find in the migrated
// database, and what remains to be done by hand. Published beside the dump, as JSON and as text.

import {
  askHandOver,
  type BlocksNotMigrated,
  countAccounts,
  countBlocksNotMigrated,
  forkRepairs,
  readPublishedTip,
  readTipLedgerHashes,
} from "@forklift/archive";
import { jsonNumber, parseStateHash } from "@forklift/chain";
import { type Column, table } from "@forklift/console";
import type { Network } from "@forklift/network";
import type { Manifest } from "@forklift/sets";
import { dateText } from "@forklift/system";
import type { JobContext } from "../context/job-context.ts";
import { answerBehind } from "./answer-text.ts";

export type HandOver = Awaited<ReturnType<typeof composeHandOver>>;

/** @param manifest of the set, whose files need not be known yet. */
export async function composeHandOver(
  context: JobContext,
  manifest: Manifest,
  dump: string | null,
) {
  const { target, source, network } = context;
  const { height, stateHash, preForkLedgerHash, berkeleyLedgerHash } = manifest;
  const { globalSlotSinceGenesis, timestamp } = await readPublishedTip(target);
  const ledgerHashes = await readTipLedgerHashes(target);
  const leftBehind = source === null ? null : await countBlocksNotMigrated(source, target, height);
  const expected = network.forkGenesis;
  const forkGenesis = {
    height: height + 1,
    parentHash: stateHash,
    stateHash: expected?.stateHash ?? null,
    globalSlotSinceGenesis: expected === null ? null : Number(expected.globalSlotSinceGenesis),
    ledgerHash: expected?.ledgerHash ?? null,
  };
  for (const warning of handOverWarnings(manifest, network)) context.warn(warning);
  return {
    version: 1,
    network: network.name,
    created: manifest.created,
    forkliftVersion: manifest.forkliftVersion,
    dump,
    /** What speaks against starting the new chain's archive on this database. */
    warnings: handOverWarnings(manifest, network),
    tip: {
      height,
      stateHash,
      globalSlotSinceGenesis: jsonNumber(globalSlotSinceGenesis),
      time: new Date(Number(timestamp)).toISOString(),
      snarkedLedgerHash: ledgerHashes.snarked,
      stakingEpochLedgerHash: ledgerHashes.stakingEpoch,
      nextEpochLedgerHash: ledgerHashes.nextEpoch,
    },
    ledgerHashes: {
      preFork: preForkLedgerHash,
      berkeley: berkeleyLedgerHash,
      snarked: ledgerHashes.snarked,
    },
    anchor: manifest.anchor,
    verification: {
      answer: manifest.verification.answer!,
      notProven: manifest.verification.notProven!,
    },
    forkGenesis,
    archiveFinds: await askHandOver(target),
    /** For after the start of the new archive; no node does them by itself. */
    repairs: forkRepairs({
      height,
      stateHash: parseStateHash(stateHash),
      accountCount: await countAccounts(target),
    }),
    leftBehind,
    exceptions: manifest.exceptions,
    byHand: stepsByHand({ manifest, dump, forkGenesis, leftBehind }),
  };
}

export function handOverText(report: HandOver): string {
  const { network, tip, ledgerHashes, forkGenesis, archiveFinds, byHand, anchor } = report;
  const { warnings, verification, repairs } = report;
  const columns: readonly Column[] = [{ title: "the archive finds" }, { title: "answer" }];
  const known = (value: string | number | null) => value ?? "not known here";
  return `${[
    `Hand-over of ${network} to the chain after the fork`,
    `made by forklift ${report.forkliftVersion} at ${dateText(report.created)}`,
    ...warnings.map((warning) => `WARNING: ${warning}`),
    "",
    `last pre-fork block   ${tip.stateHash}`,
    `  height              ${tip.height}`,
    `  slot since genesis  ${tip.globalSlotSinceGenesis}`,
    `  time                ${dateText(tip.time)}`,
    `  trusted by          the ${anchor.vouchedBy}, at height ${anchor.height}`,
    ...answerBehind("  verified            ", verification),
    "",
    `pre-fork ledger hash  ${ledgerHashes.preFork}`,
    `Berkeley ledger hash  ${ledgerHashes.berkeley}`,
    `snarked ledger hash   ${ledgerHashes.snarked}`,
    `staking epoch ledger  ${tip.stakingEpochLedgerHash}`,
    `next epoch ledger     ${tip.nextEpochLedgerHash}`,
    "",
    `fork genesis block    ${known(forkGenesis.stateHash)}`,
    `  height              ${forkGenesis.height}`,
    `  slot since genesis  ${known(forkGenesis.globalSlotSinceGenesis)}`,
    `  parent              ${forkGenesis.parentHash}`,
    `  ledger hash         ${known(forkGenesis.ledgerHash)}`,
    "",
    table(
      columns,
      archiveFinds.map(({ what, answer }) => [what, answer]),
    ),
    "",
    "To be done by hand:",
    ...byHand.map((step, index) => `${String(index + 1).padStart(2)}. ${step}`),
    "",
    "The queries behind what the archive finds, for psql on the restored database:",
    "",
    ...archiveFinds.flatMap(({ what, sql, answer }) => [`-- ${what}: ${answer}`, `${sql};`]),
    "",
    "Two repairs once the new archive has the fork genesis block. For each, run the query; where it gives another",
    "number, run mina-archive-hardfork-toolbox with the command (--help names its options), or the statement:",
    ...repairs.flatMap(({ name, why, check, repair }) => [
      "",
      `-- ${name}: ${why}`,
      `-- expected: ${check.expected}`,
      `${check.sql};`,
      `-- the repair: mina-archive-hardfork-toolbox ${name}, or`,
      `${repair};`,
    ]),
  ].join("\n")}\n`;
}

/** Whoever starts a chain on another block than the network agreed on forks off from it. */
export function handOverWarnings(
  { stateHash, height }: Pick<Manifest, "stateHash" | "height">,
  { name, lastPreForkBlock: last }: Pick<Network, "name" | "lastPreForkBlock">,
): string[] {
  if (last === null) {
    return [
      `the preset of ${name} names no last pre-fork block: nothing here says that ${stateHash} at height ` +
        `${height} is the one that the network agreed on`,
    ];
  }
  if (last.stateHash === stateHash) return [];
  return [
    `${stateHash} at height ${height} is not the last pre-fork block of ${name}, which is ` +
      `${last.stateHash} at height ${last.height}; start no archive of the new chain on this database`,
  ];
}

interface Steps {
  readonly manifest: Manifest;
  readonly dump: string | null;
  readonly forkGenesis: { readonly height: number; readonly ledgerHash: string | null };
  /** Null where there is no old database. */
  readonly leftBehind: BlocksNotMigrated | null;
}

function stepsByHand({ manifest, dump, forkGenesis, leftBehind }: Steps): string[] {
  const { height, stateHash, berkeleyLedgerHash } = manifest;
  const published = forkGenesis.ledgerHash;
  return [
    `compare ${stateHash} at height ${height} with the last pre-fork block that was announced`,
    published === null
      ? `see that ledger.hash of the published fork configuration is ${berkeleyLedgerHash}`
      : `the Berkeley ledger hash ${berkeleyLedgerHash} ` +
        `${berkeleyLedgerHash === published ? "is" : "IS NOT"} the published ${published}`,
    dump === null
      ? "run final without --dry-run: nothing was published yet"
      : `restore the dump: forklift restore --dump STORE/${dump} --db DATABASE`,
    "run the queries of this report on the restored database; every result must be the same",
    `start the new archive on it; it adds block ${forkGenesis.height}, whose parent is ${stateHash}`,
    "start it before its daemon, which gives it the fork genesis block only once",
    "then do the two repairs below: convert-chain-to-canonical and populate-genesis-accounts",
    "in the fork configuration, proof.fork.global_slot_since_genesis is the slot of the fork " +
      "genesis block, not that of its parent",
    leftBehind === null
      ? "keep the block files: blocks beside the chain and above the last pre-fork block are only there"
      : `keep the old database: ${leftBehind.orphaned} blocks beside the chain and ${leftBehind.above} blocks ` +
        "above the last pre-fork block are only there, and so are the balances after each command",
    "stop the schedule of the daily job",
  ];
}
