// A network with forks, as an archive node saw it and decided nothing yet: a test chooses which of its blocks is the
// tip of the chain, migrates that, and writes the others beside it.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  type MigratedBlock,
  progressMarks,
  RowIds,
  readSourceBlocks,
  writeBlocks,
} from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
import {
  type GenesisLedger,
  loadGenesisLedger,
  loadNetwork,
  type Network,
} from "@forklift/network";
import { runStages, type Stage, type StageReport } from "@forklift/pipeline";
import { connect, type Session } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import { SAMPLE_DEFAULTS } from "@forklift/sample";
import { openStore } from "@forklift/storage";
import {
  changedCopy,
  type GrowingOptions,
  openGrowingSource,
  openTestDatabase,
  type TestDatabase,
  type TestTemplate,
} from "@forklift/testkit";
import { mergeBlock } from "../../../migrator/src/blocks/merge-block.ts";
import { inForm, OWN_FORM } from "../../../migrator/src/form/output-form.ts";
import { migration } from "../../../migrator/src/pipeline.ts";
import { SILENT } from "../../../migrator/test/migration-sandbox.ts";
import type { ReplayerContext } from "../../src/context.ts";
import { replayBranches } from "../../src/stages/replay-branches.ts";
import { replayCommands } from "../../src/stages/replay-commands.ts";

const BOTH = [replayCommands, replayBranches] as const;

/** A block of the source and the one below it. */
export interface SeenBlock extends BlockRef {
  readonly stateHash: StateHash;
  readonly parentHash: StateHash;
  readonly commands: number;
}

export interface ForkedArchive extends AsyncDisposable {
  readonly url: string;
  readonly network: Network;
  /** What describes the network lies there, for a sample. */
  readonly folder: string;
  /** By height and state hash. */
  readonly blocks: readonly SeenBlock[];
  /** From genesis to the block. */
  chainOf(tip: StateHash): readonly SeenBlock[];
  /** The block of that height of the chain that the source has decided for, or would. */
  mainAt(height: number): SeenBlock;
  /** A target with the chain of that tip, not replayed. */
  migrated(tip: StateHash): Promise<TestDatabase>;
  /** Writes those blocks, parents among them first, beside the chain of a target. */
  addBranches(target: TestDatabase, blocks: readonly SeenBlock[]): Promise<void>;
  /** A target with the chain of that tip, and every other block beside it. */
  complete(tip: StateHash): Promise<TestDatabase>;
  /** Whoever copies the source needs it. */
  closeReader(): Promise<void>;
  /** A copy of the source, with one statement run on it. */
  changedSource(sql: string, params: readonly unknown[]): Promise<TestDatabase>;
  /** Runs the replay's stages; checkpoints are found and written in the folder. */
  replay(target: TestDatabase, options?: ReplayOptions): Promise<readonly StageReport[]>;
}

export interface ReplayOptions {
  readonly stages?: readonly Stage<ReplayerContext, Session>[];
  readonly folder?: string;
  readonly more?: Partial<ReplayerContext>;
  readonly signal?: AbortSignal;
  readonly observer?: Partial<typeof SILENT>;
}

/** Of the sample network, whose archive has decided nothing. */
export async function openForkedArchive(
  heights: number,
  options: Partial<GrowingOptions> = {},
): Promise<ForkedArchive> {
  const source = await openGrowingSource({
    ...SAMPLE_DEFAULTS,
    ...{ blocks: heights, days: 1, accounts: 40, finality: 1_000, commandsPerBlock: 3 },
    ...options,
  });
  await source.grow(heights - 1);
  const network = await loadNetwork(path.join(source.folder, "network.yaml"));
  const ledgerUrl = pathToFileURL(path.join(source.folder, "genesis-ledger.json")).href;
  const genesisLedger = await loadGenesisLedger(network, ledgerUrl);
  const chain = source.arrived.filter(({ isRival }) => !isRival);
  return await forkedArchiveOf({
    ...{ source, folder: source.folder, network, genesisLedger },
    ...{ blocks: `${pathToFileURL(source.blocks).href}/` },
    main: chain.map(({ stateHash }) => stateHash),
  });
}

export interface ForkedSource {
  readonly folder?: string;
  /** It ends with the archive. */
  readonly source: Pick<TestDatabase, "url"> & AsyncDisposable;
  readonly network: Network;
  readonly genesisLedger: GenesisLedger;
  /** The URL of the block files. */
  readonly blocks: string;
  /** State hashes of a chain. */
  readonly main: readonly string[];
}

export async function forkedArchiveOf({
  source,
  network,
  genesisLedger,
  blocks: blocksUrl,
  folder = "",
  main: mainHashes,
}: ForkedSource): Promise<ForkedArchive> {
  const openReader = () =>
    connect(source.url, { applicationName: "forklift test", readOnly: true });
  // A database that somebody is connected to cannot be copied.
  let reader = await openReader();
  const blocks = (
    await reader.query<{
      height: string;
      state_hash: StateHash;
      parent_hash: StateHash;
      commands: number;
    }>(
      `select height, state_hash, parent_hash,
              (select count(*)::int from blocks_internal_commands c where c.block_id = b.id)
                + (select count(*)::int from blocks_user_commands c where c.block_id = b.id)
                as commands
       from blocks b order by height, state_hash`,
    )
  ).map((row) => ({
    ...{ height: BigInt(row.height), stateHash: row.state_hash },
    ...{ parentHash: row.parent_hash, commands: row.commands },
  }));
  const byHash = new Map(blocks.map((block) => [block.stateHash as string, block]));
  const main = new Set(mainHashes);

  const openBlocks = () =>
    openBlockSources({
      urls: [blocksUrl],
      ...{ network: network.name, scratchDirectory: tmpdir(), threads: 0 },
    });

  const run = async <Context extends { readonly target: Session }>(
    stages: readonly Stage<Context, Session>[],
    context: Context,
    { signal, observer }: Pick<ReplayOptions, "signal" | "observer"> = {},
  ) => {
    const { target } = context;
    return await runStages(stages, {
      context,
      marks: progressMarks(target),
      transaction: (work) => target.transaction(() => work(target)),
      signal: signal ?? new AbortController().signal,
      now: () => performance.now(),
      observer: { ...SILENT, ...observer },
    });
  };

  const chains = new Map<string, Promise<TestTemplate>>();

  const migrate = async (tip: StateHash): Promise<TestTemplate> => {
    const database = await openTestDatabase();
    await using target = await connect(database.url, { applicationName: "forklift test" });
    await using files = await openBlocks();
    await run(migration, {
      ...{ source: reader, target, network, genesisLedger, blocks: files, form: OWN_FORM },
      ...{ warn: () => undefined, now: () => performance.now() },
      stop: { forkStateHash: tip, stopAtHeight: null },
    });
    return { name: database.name };
  };

  const archive: ForkedArchive = {
    ...{ url: source.url, network, folder, blocks },
    closeReader: () => reader.close(),
    chainOf(tip) {
      const chain: SeenBlock[] = [];
      for (let at = byHash.get(tip); at !== undefined; at = byHash.get(at.parentHash))
        chain.push(at);
      return chain.reverse();
    },
    mainAt: (height) =>
      blocks.find((block) => block.height === BigInt(height) && main.has(block.stateHash))!,
    async migrated(tip) {
      const chain = chains.get(tip) ?? migrate(tip);
      chains.set(tip, chain);
      return await openTestDatabase(await chain);
    },
    async addBranches({ url }, added) {
      await using target = await connect(url, { applicationName: "forklift test" });
      await using files = await openBlocks();
      const tail = [...added].sort((a, b) => (a.height < b.height ? -1 : 1));
      const chain = { tip: tail.at(-1)!, canonicalHeight: 0n, tail };
      const range = { from: tail[0]!.height, to: tail.at(-1)!.height };
      const merged: MigratedBlock[] = [];
      for (const block of await readSourceBlocks(reader, chain, range)) {
        const { height, stateHash } = block;
        const proven = await files.tryFetch({ height, stateHash, accept: () => undefined });
        const status = { chainStatus: "orphaned" } as const;
        merged.push({ ...inForm(mergeBlock(block, proven!), OWN_FORM), ...status });
      }
      await target.transaction(() =>
        writeBlocks(target, new RowIds(), merged, { isOneChain: false }),
      );
    },
    async complete(tip) {
      const target = await archive.migrated(tip);
      const chain = new Set(archive.chainOf(tip));
      await archive.addBranches(
        target,
        blocks.filter((block) => !chain.has(block)),
      );
      return target;
    },
    async changedSource(sql, params) {
      await reader.close();
      const name = databaseName(source.url);
      const copy = await changedCopy({ name }, sql, params);
      reader = await openReader();
      return copy;
    },
    async replay({ url }, { stages = BOTH, folder, more, ...watched } = {}) {
      const own = folder ?? (await mkdtemp(path.join(tmpdir(), "forklift-branches-")));
      await using target = await connect(url, { applicationName: "forklift test" });
      await using targetReader = await connect(url, {
        ...{ applicationName: "forklift test", readOnly: true },
      });
      const context: ReplayerContext = {
        ...{ target, targetReader, balances: reader, network, genesisLedger },
        ...{ checkpointUrl: null, threads: 1, blocksPerLedgerHash: 1 },
        stop: { forkStateHash: null, stopAtHeight: null },
        checkpoints: openStore(`${pathToFileURL(own).href}/`),
        ...{ checkpointIntervalBlocks: 1_000n, checkpointIntervalMs: 600_000 },
        ...{ now: () => performance.now(), warn: () => undefined },
        ...more,
      };
      return await run(stages, context, watched);
    },
    async [Symbol.asyncDispose]() {
      await reader.close();
      await source[Symbol.asyncDispose]();
    },
  };
  return archive;
}

export function databaseName(url: string): string {
  return decodeURIComponent(/\/([^/?]+)\?/.exec(url)![1]!);
}

/**
 * What the accounts' tables record of every block, without serial ids: rows as texts by state hash.
 * @param url of a target.
 */
export async function recordedAccounts({
  url,
}: Pick<TestDatabase, "url">): Promise<ReadonlyMap<string, readonly string[]>> {
  await using session = await connect(url, { applicationName: "forklift test" });
  const rows = await session.query<{ state_hash: string; row: string }>(
    `select b.state_hash, row(a.ledger_index, key.value, a.balance, a.nonce, a.receipt_chain_hash,
        delegate.value, voting_for.value, timing.initial_minimum_balance, timing.cliff_time,
        timing.cliff_amount, timing.vesting_period, timing.vesting_increment,
        (select creation_fee from accounts_created c where c.block_id = b.id
           and c.account_identifier_id = a.account_identifier_id))::text as row
     from blocks b
     join accounts_accessed a on a.block_id = b.id
     join account_identifiers account on account.id = a.account_identifier_id
     join public_keys key on key.id = account.public_key_id
     join public_keys delegate on delegate.id = a.delegate_id
     join voting_for on voting_for.id = a.voting_for_id
     join timing_info timing on timing.id = a.timing_id
     order by b.height, b.state_hash, a.ledger_index`,
  );
  const recorded = new Map<string, string[]>();
  for (const { state_hash, row } of rows) {
    const own = recorded.get(state_hash);
    if (own === undefined) recorded.set(state_hash, [row]);
    else own.push(row);
  }
  return recorded;
}
