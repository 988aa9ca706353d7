// `forklift verify --set`: a published set of somebody else, verified in a database of our own that is dropped
// afterwards.

import { requireArchiveForm } from "@forklift/archive";
import { type History, parseStateHash, type StateHash } from "@forklift/chain";
import { counted, type Finish, type RunEnvironment } from "@forklift/console";
import { type Context, openReader, runWithoutTarget } from "@forklift/context";
import {
  loadGenesisLedger,
  loadNetwork,
  type Network,
  withLedgerHashExceptions,
} from "@forklift/network";
import { ConfigError, SourceDataError, UsageError } from "@forklift/pipeline";
import { openScratch, startServer, sweepScratch } from "@forklift/postgres";
import { historyOfSet, type Manifest } from "@forklift/sets";
import { toJson, type VerificationReport } from "@forklift/verifier";
import { checksTable } from "../output/checks-table.ts";
import { type CheckCheckpointContext, checkSetCheckpoint } from "../stages/check-set-checkpoint.ts";
import { type ChosenSet, chooseSet } from "../stages/chosen-set.ts";
import { type RestoreSetContext, restoreSet } from "../stages/restore-set.ts";
import { type VerifyContext, verifyDatabases } from "../stages/verify-databases.ts";
import { type VerifySetsContext, verifySets } from "../stages/verify-sets.ts";

export interface SetOptions {
  readonly set: string;
  readonly network?: string;
  readonly genesisLedger?: string;
  readonly postgres?: string;
  readonly ledgerHashException?: readonly StateHash[];
  readonly history?: History;
}

/** What of a verification the set itself does not give. */
export type Beside = Omit<
  VerifyContext,
  | ("target" | "openTarget" | "archiveForm" | "pauseMs" | "genesisLedger" | "manifestAnchor")
  | "isFull"
  | ("now" | "onCheck" | "onReport")
>;

/**
 * @param beside opens the rest, once the network is known: source, blocks, form.
 * @throws SourceDataError when the set is not what its manifest says, VerificationError when its archive is not
 * the history of its chain.
 */
export async function verifySet(
  context: Context,
  environment: RunEnvironment,
  options: SetOptions,
  beside: (network: Network) => Promise<Beside>,
  finish: Finish,
): Promise<void> {
  const chosen = await chooseSet(options.set, nameOf(options), context.warn);
  const { store, set } = chosen;
  const { manifest } = set;
  requireSameHistory(chosen, options.history);
  const network = withLedgerHashExceptions(
    await loadNetwork(options.network ?? manifest.network),
    options.ledgerHashException,
  );
  if (network.name !== manifest.network) {
    throw new SourceDataError(
      `the set ${store.url}/${set.name} is of network ${manifest.network}, expected ${network.name}`,
      { hint: "give the set or the preset of the other network" },
    );
  }
  const genesisLedger = await loadGenesisLedger(network, ledgerUrl(options, network));
  const rest = await beside(network);
  const databaseUrl = await openDatabase(context, options);
  const { now, log } = environment;
  const { inform, warn, workPath } = context;
  const others = manifest.files.filter(({ role }) => role !== "dump");
  const asked = {
    ...chosen,
    sets: [{ ...set, manifest: { ...manifest, files: others }, fault: null }],
  };
  await runWithoutTarget<VerifySetsContext & RestoreSetContext & CheckCheckpointContext>(
    [verifySets, checkSetCheckpoint, restoreSet],
    { ...asked, network, databaseUrl, workPath, inform, warn },
    environment,
  );

  let report: VerificationReport | undefined;
  const target = context.keep(await openReader(databaseUrl));
  const verified: VerifyContext = {
    ...rest,
    ...{ target, network, genesisLedger, now, isFull: true, history: historyOfSet(manifest) },
    openTarget: () => openReader(databaseUrl),
    ...{ archiveForm: await requireArchiveForm(target, "target"), pauseMs: 0 },
    manifestAnchor: {
      height: BigInt(manifest.anchor.height),
      stateHash: parseStateHash(manifest.anchor.stateHash),
    },
    onCheck: ({ id, ok, compared }) => log.info({ check: id, ok, compared }),
    onReport: (result) => {
      report = result;
      // The stage ends the run with this answer; a yes is told once the manifest is known to say the same.
      if (!result.ok) finish(outcomeOf(chosen, result, rest));
    },
  };
  await runWithoutTarget([verifyDatabases], verified, environment);
  requireStated(chosen, report!);
  finish(outcomeOf(chosen, report!, rest));
}

/** What a set is to hold is what its manifest says. */
function requireSameHistory({ set }: ChosenSet, asked: History | undefined): void {
  const held = historyOfSet(set.manifest);
  if (asked === undefined || asked === held) return;
  throw new UsageError(`--history ${asked} is not that of the set ${set.name}, which is ${held}`, {
    hint: "leave --history out: the manifest says what the set is to hold",
  });
}

/** A path is for `loadNetwork`; a store is asked by the name of a network. */
function nameOf({ network }: SetOptions): string | undefined {
  return network !== undefined && /^[a-z0-9-]+$/.test(network) ? network : undefined;
}

function ledgerUrl({ genesisLedger }: SetOptions, network: Network): string {
  const url = genesisLedger ?? network.genesis.ledgerUrl;
  if (url !== null) return url;
  throw new ConfigError(`the preset of ${network.name} names no genesis ledger`, {
    hint: "give --genesis-ledger",
  });
}

/** Dropped with everything else of the run; after a kill by the next run. */
async function openDatabase(context: Context, { postgres }: SetOptions): Promise<string> {
  if (postgres !== undefined) await sweepScratch(postgres);
  const serverUrl = postgres ?? context.keep(await startServer({ binaries: "auto" })).url;
  return context.keep(await openScratch(serverUrl, "set")).url;
}

/** @throws SourceDataError when the manifest states other digests or counts than those of the restored rows. */
function requireStated(
  { store, set: { name, manifest } }: ChosenSet,
  { digests, rowCounts, beside }: VerificationReport,
): void {
  const faults = [
    ...differing("the digest of", digests, manifest.digests),
    ...differing("the row count of", rowCounts, manifest.rowCounts),
    ...differing(
      "the number of blocks beside the chain that are",
      countsOf(beside),
      statedBeside(manifest),
    ),
  ];
  if (faults.length === 0) return;
  throw new SourceDataError(
    `the manifest ${store.url}/${name} does not describe its dump: ${faults.join("; ")}`,
    { hint: "the set is not what it says: ask its publisher, or verify another one" },
  );
}

/** What the source has besides is another source's matter. */
function countsOf(beside: VerificationReport["beside"]): Record<string, string> {
  if (beside === undefined) return {};
  return { orphaned: `${beside.orphaned}`, pending: `${beside.pending}` };
}

function statedBeside(manifest: Manifest): Record<string, number> {
  if (manifest.version === 1 || manifest.beside === undefined) return {};
  const { orphaned, pending } = manifest.beside;
  return { orphaned, pending };
}

function differing(
  what: string,
  found: Readonly<Record<string, string>>,
  stated: Manifest["digests"] | Manifest["rowCounts"],
): string[] {
  const tables = [...new Set([...Object.keys(found), ...Object.keys(stated)])].sort();
  return tables
    .filter((table) => found[table] !== `${stated[table]}`)
    .map(
      (table) =>
        `${what} ${table} is ${found[table] ?? "none"}, it says ${stated[table] ?? "none"}`,
    );
}

function outcomeOf(
  { store, set: { name, manifest } }: ChosenSet,
  report: VerificationReport,
  { source, blocks }: Beside,
) {
  const isAlone = source === null && blocks === null;
  const proves = isAlone
    ? "proves the digests of the files, the structure of the rows, and that the accounts' rows give the ledger " +
      "hash that each block's row states; without --blocks no state hash was recomputed"
    : "proves the digests of the files, and what the answer above says";
  const files = counted(manifest.files.length, "file");
  return {
    text: [
      checksTable(report),
      "",
      `set       ${store.url}/${name}`,
      `files     ${files}, each with the SHA-256 that the manifest states`,
      `this      ${proves}`,
    ].join("\n"),
    json: {
      ...toJson(report),
      set: { url: `${store.url}/${name}`, files: manifest.files.length, proves },
    },
  };
}
