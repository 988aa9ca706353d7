// The hand-over report of a final run: what the archive of the new chain must find in the migrated
// database, and what remains to be done by hand. Published beside the dump, as JSON and as text.

import type { Session } from "@forklift/postgres";
import type { JobWorld } from "../job-world.ts";
import { type Column, table } from "../output/table.ts";
import type { Manifest } from "./manifest.ts";

/** A question that an operator can ask again, of the database wherever it is restored. */
interface Question {
  readonly what: string;
  readonly sql: string;
}

const QUESTIONS: readonly Question[] = [
  {
    what: "the highest block",
    sql: "select height || ' ' || state_hash from blocks order by height desc limit 1",
  },
  { what: "blocks, one of every height", sql: "select count(*) from blocks" },
  {
    what: "blocks that are not canonical",
    sql: "select count(*) from blocks where chain_status <> 'canonical'",
  },
  {
    what: "blocks above the first without a parent",
    sql: "select count(*) from blocks where height > 1 and parent_id is null",
  },
  { what: "user commands in blocks", sql: "select count(*) from blocks_user_commands" },
  { what: "internal commands in blocks", sql: "select count(*) from blocks_internal_commands" },
  { what: "states of accounts", sql: "select count(*) from accounts_accessed" },
  { what: "accounts with a state", sql: "select count(*) from account_identifiers" },
  { what: "accounts created by commands", sql: "select count(*) from accounts_created" },
];

export type HandOver = Awaited<ReturnType<typeof composeHandOver>>;

/** @param manifest of the set, whose files need not be known yet. */
export async function composeHandOver(world: JobWorld, manifest: Manifest, dump: string | null) {
  const { target, source, network } = world;
  const { height, stateHash, preForkLedgerHash, berkeleyLedgerHash } = manifest;
  const tip = await readTip(target);
  const leftBehind = await countLeftBehind(source, height);
  const expected = network.forkGenesis;
  const forkGenesis = {
    height: height + 1,
    parentHash: stateHash,
    stateHash: expected?.stateHash ?? null,
    globalSlotSinceGenesis: expected === null ? null : Number(expected.globalSlotSinceGenesis),
    ledgerHash: expected?.ledgerHash ?? null,
  };
  const archiveFinds: (Question & { readonly answer: string })[] = [];
  for (const question of QUESTIONS) {
    archiveFinds.push({ ...question, answer: await answerOf(target, question.sql) });
  }
  return {
    version: 1,
    network: network.name,
    created: manifest.created,
    forkliftVersion: manifest.forkliftVersion,
    dump,
    tip: { height, stateHash, ...tip },
    ledgerHashes: {
      preFork: preForkLedgerHash,
      berkeley: berkeleyLedgerHash,
      snarked: tip.snarkedLedgerHash,
    },
    anchor: manifest.anchor,
    forkGenesis,
    archiveFinds,
    leftBehind,
    exceptions: manifest.exceptions,
    byHand: stepsByHand({ manifest, dump, forkGenesis, leftBehind }),
  };
}

export function handOverText(report: HandOver): string {
  const { network, tip, ledgerHashes, forkGenesis, archiveFinds, byHand, anchor } = report;
  const columns: readonly Column[] = [{ title: "the archive finds" }, { title: "answer" }];
  const known = (value: string | number | null) => value ?? "not known here";
  return `${[
    `Hand-over of ${network} to the chain after the fork`,
    `made by forklift ${report.forkliftVersion} at ${report.created}`,
    "",
    `last pre-fork block   ${tip.stateHash}`,
    `  height              ${tip.height}`,
    `  slot since genesis  ${tip.globalSlotSinceGenesis}`,
    `  time                ${tip.time}`,
    `  vouched for by      the ${anchor.vouchedBy}, at height ${anchor.height}`,
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
  ].join("\n")}\n`;
}

interface Steps {
  readonly manifest: Manifest;
  readonly dump: string | null;
  readonly forkGenesis: { readonly height: number; readonly ledgerHash: string | null };
  readonly leftBehind: LeftBehind;
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
    "ask the questions of this report of the restored database; every answer must be the same",
    `start the new archive on it; it adds block ${forkGenesis.height}, whose parent is ${stateHash}`,
    `see that accounts_accessed has rows of block ${forkGenesis.height}: where they are missing, ` +
      "Rosetta tells balances of zero (Mina issue 19058)",
    "in the fork configuration, proof.fork.global_slot_since_genesis is the slot of the fork " +
      "genesis block, not that of its parent",
    `keep the old database: ${leftBehind.orphaned} orphaned blocks and ${leftBehind.above} blocks ` +
      "above the last pre-fork block are only there",
    "stop the schedule of the daily job",
  ];
}

async function readTip(target: Session) {
  const [row] = await target.query<{
    slot: string;
    timestamp: string;
    snarked: string;
    staking: string;
    next: string;
  }>(
    `select b.global_slot_since_genesis as slot, b."timestamp", snarked.value as snarked,
            staking_hash.value as staking, next_hash.value as next
     from blocks b
     join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
     join epoch_data staking on staking.id = b.staking_epoch_data_id
     join snarked_ledger_hashes staking_hash on staking_hash.id = staking.ledger_hash_id
     join epoch_data next on next.id = b.next_epoch_data_id
     join snarked_ledger_hashes next_hash on next_hash.id = next.ledger_hash_id
     order by b.height desc limit 1`,
  );
  return {
    globalSlotSinceGenesis: Number(row!.slot),
    time: new Date(Number(row!.timestamp)).toISOString(),
    snarkedLedgerHash: row!.snarked,
    stakingEpochLedgerHash: row!.staking,
    nextEpochLedgerHash: row!.next,
  };
}

interface LeftBehind {
  readonly orphaned: number;
  /** Of any status. */
  readonly above: number;
}

async function countLeftBehind(source: Session, height: number): Promise<LeftBehind> {
  const [row] = await source.query<{ orphaned: string; above: string }>(
    `select count(*) filter (where height > $1) as above,
            count(*) filter (where height <= $1)
              - count(distinct height) filter (where height <= $1) as orphaned
     from blocks`,
    [height],
  );
  return { orphaned: Number(row!.orphaned), above: Number(row!.above) };
}

async function answerOf(target: Session, sql: string): Promise<string> {
  const [row] = await target.query<Record<string, unknown>>(sql);
  return String(Object.values(row!)[0]);
}
