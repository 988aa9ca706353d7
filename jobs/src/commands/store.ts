// `forklift store`: lists, verifies, copies and prunes the sets of a store.

import {
  type CommonOptions,
  counted,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  positiveOption,
  sizePerSecond,
  withCommonOptions,
} from "@forklift/console";
import { runWithoutTarget } from "@forklift/context";
import { ConfigError, RUN_AGAIN, SourceDataError, stoppable, UsageError } from "@forklift/pipeline";
import {
  acquireLease,
  type ListedSet,
  networksWithFiles,
  networksWithLeases,
  networksWithSets,
  planPrune,
  readContents,
  removeKilledUploads,
  runPrune,
  type StoreContents,
} from "@forklift/sets";
import { openStore, requireFolder, type Store } from "@forklift/storage";
import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { type Retention, retentionSchema } from "../config/schema.ts";
import { networkOfConfig } from "../context/configured-inputs.ts";
import {
  contentsTable,
  describePrune,
  describeSet,
  leftoverJson,
  setJson,
} from "../output/store-tables.ts";
import { copySets, removeCopied } from "../stages/copy-sets.ts";
import { verifySets } from "../stages/verify-sets.ts";
import { unlockStore } from "./store-unlock.ts";

interface StoreOptions extends CommonOptions {
  readonly store?: string;
  readonly network?: string;
  readonly config?: string;
}

/** Enough that one slow connection is not all there is, few enough for a laptop's disk. */
const COPY_JOBS = 4;

export function addStoreCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  const store = program.command("store").description("look after a store of published sets");
  const add = (name: string, description: string) =>
    withCommonOptions(store.command(name))
      .description(description)
      .option("--config <file>", "a configuration: its target.store, network and retention")
      .option("--store <url>", "the store, instead of the one of a configuration")
      .option("--network <name>", "only its sets; needed for a store on the web");

  add("ls", "list the sets with height, date, size and state").action(
    async (options: StoreOptions) => finish(await list(options, host)),
  );
  add("show", "show one set")
    .argument("[set]", "a height, the name of a manifest, or latest", "latest")
    .action(async (name: string, options: StoreOptions) => finish(await show(name, options, host)));
  add("verify", "read every file of sets and compare it with its manifest")
    .argument("[sets...]", "heights or names of manifests; default: the newest")
    .option("--all", "every set")
    .action(async (names: string[], options: VerifyOptions) =>
      finish(await verify(names, options, host)),
    );
  add("copy", "copy sets to another store; what is there already is not copied again")
    .argument("[sets...]", "heights or names of manifests; default: the newest")
    .requiredOption("--to <url>", "the store to copy to")
    .option("--all", "every complete set")
    .option("--jobs <n>", "transfers at the same time", positiveOption, COPY_JOBS)
    .option("--move", "remove from the first store what was copied and compared")
    .action(async (names: string[], options: CopyOptions) =>
      finish(await copy(names, options, host)),
    );
  add("prune", "say which sets may go, and with --yes remove them")
    .option("--last <n>", "keep the newest so many sets", positiveOption)
    .option("--daily <n>", "keep the newest set of each of so many days", positiveOption)
    .option("--weekly <n>", "the same for weeks", positiveOption)
    .option("--monthly <n>", "the same for months", positiveOption)
    .option("--keep-if-verified", "count only sets whose files were read and compared")
    .option("--storage-class <rules>", "CLASS:DAYS,… by age, where objects have one", classOption)
    .option(
      "--leftovers",
      "also remove what belongs to no complete set, unfinished uploads included",
    )
    .option("--yes", "do it")
    .action(async (options: PruneOptions) => finish(await prune(options, host)));
  add("unlock", "show whose lease holds the store, and remove it when that run is dead")
    .option("--yes", "remove it without a question")
    .action(async (options: UnlockOptions) => finish(await unlock(options, host)));
}

interface UnlockOptions extends StoreOptions {
  readonly yes?: true;
}

interface VerifyOptions extends StoreOptions {
  readonly all?: true;
}

interface CopyOptions extends StoreOptions {
  readonly to: string;
  readonly all?: true;
  readonly jobs: number;
  readonly move?: true;
}

interface PruneOptions extends StoreOptions {
  readonly last?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly keepIfVerified?: true;
  readonly storageClass?: Retention["storageClass"];
  readonly leftovers?: true;
  readonly yes?: true;
}

function classOption(text: string): Retention["storageClass"] {
  const { data, error } = retentionSchema.safeParse({ storageClass: text });
  if (error === undefined) return data.storageClass;
  throw new InvalidArgumentError(error.issues.map(({ message }) => message).join("; "));
}

async function list(options: StoreOptions, host: Host): Promise<Outcome> {
  const { store, networks } = await openNamed(options, host, networksWithFiles);
  const contents: StoreContents[] = [];
  for (const network of networks) contents.push(await readContents(store, network));
  return {
    text: contentsTable(store.url, contents),
    json: {
      ok: true,
      store: store.url,
      sets: contents.flatMap(({ sets }) => sets.map(setJson)),
      leftovers: contents.flatMap(({ leftovers }) => leftovers.map(leftoverJson)),
    },
  };
}

async function show(name: string, options: StoreOptions, host: Host): Promise<Outcome> {
  const { store, contents } = await openOne(options, host);
  const [found] = choose(contents, store, name === "latest" ? [] : [name]);
  return {
    text: describeSet(store.url, found!),
    json: { ok: true, ...setJson(found!), manifest: found!.set.manifest },
  };
}

async function verify(names: string[], options: VerifyOptions, host: Host): Promise<Outcome> {
  const { store, contents } = await openOne(options, host);
  if (contents.sets.length === 0) throw noSets(store);
  const chosen = options.all === true ? contents.sets : choose(contents, store, names);
  const sets = chosen.map(({ set }) => set);
  const environment = openRunEnvironment(host, logOptionsOf(options));
  const [report] = await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
    runWithoutTarget([verifySets], { store, sets }, environment),
  );
  const { elapsedMs, rowCount: files } = report!;
  const bytes = chosen.reduce((sum, it) => sum + it.bytes, 0n);
  const rate = sizePerSecond(bytes, elapsedMs);
  return {
    text: `whole: ${counted(sets.length, "set")}, ${counted(files, "file")}, ${rate}`,
    json: { ok: true, sets: sets.map((set) => set.name), files, bytes: Number(bytes), elapsedMs },
  };
}

async function copy(names: string[], options: CopyOptions, host: Host): Promise<Outcome> {
  const { store: from, contents } = await openOne(options, host);
  const to = openStore(options.to);
  if (from.url === to.url) {
    throw new UsageError(`${from.url} would be copied to itself`, {
      hint: "give another store with --to",
    });
  }
  const { network } = contents;
  const environment = openRunEnvironment(host, logOptionsOf(options));
  const warn = (message: string) => environment.log.warn(message);
  const chosen = options.all === true ? completeOf(contents, from) : choose(contents, from, names);
  const sets = chosen
    .map(({ set }) => {
      if (set.fault === null) return { name: set.name, manifest: set.manifest };
      throw new SourceDataError(`${from.url}/${set.name} is not whole: ${set.fault}`, {
        hint: "put its files back as they were published, or copy another set: forklift store ls",
      });
    })
    .sort((a, b) => a.manifest.height - b.manifest.height);
  const passedOver = options.all === true ? tornOf(contents) : [];
  for (const { name, fault } of passedOver) warn(`passed over set ${name}: ${fault}`);
  const common = { network, date: host.date, warn };
  await using lease = await acquireLease({ ...common, store: to, work: "store copy" });
  await using second =
    options.move === true
      ? await acquireLease({ ...common, store: from, work: "store copy --move" })
      : null;
  await removeKilledUploads(to, network);
  const signals = [host.signal, lease.signal, ...(second === null ? [] : [second.signal])];
  const context = {
    ...{ network, from, to, sets, jobs: options.jobs, date: host.date },
    isMoving: options.move === true,
    async confirm() {
      await lease.confirm();
      await second?.confirm();
    },
  };
  const signal = AbortSignal.any(signals);
  const [copied, removed] = await stoppable(RUN_AGAIN.continues, environment.signal, () =>
    runWithoutTarget([copySets, removeCopied], context, { ...environment, signal }),
  ).catch((error: unknown) => {
    // Not a signal of the operator's.
    throw lease.lost() ?? second?.lost() ?? error;
  });
  const bytes = sets.flatMap(({ manifest }) => manifest.files).reduce((n, it) => n + it.bytes, 0);
  const present = copied!.leftBehind?.["bytes that were there"] ?? 0;
  const { elapsedMs } = copied!;
  return {
    text:
      `${counted(sets.length, "set")} in ${to.url}, compared byte by byte; ` +
      `${sizePerSecond(bytes - present, elapsedMs)}` +
      `${options.move === true ? `; ${counted(removed!.rowCount, "object")} removed from ${from.url}` : ""}` +
      `${passedOver.length > 0 ? `; ${counted(passedOver.length, "incomplete set")} passed over` : ""}`,
    json: {
      ...{ ok: true, from: from.url, to: to.url, sets: sets.map(({ name }) => name), passedOver },
      ...{ bytes, copiedBytes: bytes - present, elapsedMs, removed: removed!.rowCount },
    },
  };
}

/** @throws ConfigError, SourceDataError when there is none: nothing copied is no success. */
function completeOf(contents: StoreContents, store: Store): readonly ListedSet[] {
  if (contents.sets.length === 0) throw noSets(store);
  const complete = contents.sets.filter(({ set }) => set.fault === null);
  if (complete.length > 0) return complete;
  const faults = tornOf(contents).map(({ name, fault }) => `${name}: ${fault}`);
  throw new SourceDataError(
    `${store.url} holds ${counted(faults.length, "set")} and none of them is complete: ${faults.join("; ")}`,
    {
      hint: "put the files back as they were published; forklift store ls tells what each set lacks",
    },
  );
}

function tornOf({ sets }: StoreContents): { readonly name: string; readonly fault: string }[] {
  return sets.flatMap(({ set: { name, fault } }) => (fault === null ? [] : [{ name, fault }]));
}

async function prune(options: PruneOptions, host: Host): Promise<Outcome> {
  const { store, contents, retention } = await openOne(options, host, networksWithFiles);
  const rules = rulesOf(options, retention);
  const environment = openRunEnvironment(host, logOptionsOf(options));
  const asked = {
    ...{ store, network: contents.network, rules, date: host.date() },
    withLeftovers: options.leftovers === true,
  };
  if (options.yes !== true) {
    const plan = await planPrune(asked);
    return describePrune(store.url, plan, false);
  }
  await using lease = await acquireLease({
    ...{ store, network: contents.network, work: "store prune", date: host.date },
    warn: (message) => environment.log.warn(message),
  });
  // Under the lease: what a run publishes meanwhile was not in an earlier plan.
  const plan = await planPrune(asked);
  await runPrune(plan, asked, lease.confirm);
  return describePrune(store.url, plan, true);
}

async function unlock(options: UnlockOptions, host: Host): Promise<Outcome> {
  const { store, networks } = await openNamed(options, host, networksWithLeases);
  const [network, another] = networks;
  if (another !== undefined) {
    throw new UsageError(`${store.url} holds leases of ${networks.join(", ")}`, {
      hint: "name one of them: --network",
    });
  }
  if (network === undefined) {
    return {
      text: `${store.url}/: no run holds the lease`,
      json: { ok: true, store: store.url, network: null, lease: null, removed: false },
    };
  }
  return await unlockStore({ store, network, isSure: options.yes === true }, host);
}

/** Options beside each other beat the configuration as a whole. */
function rulesOf(options: PruneOptions, retention: Retention | undefined): Retention | null {
  const { last, daily, weekly, monthly, keepIfVerified, storageClass } = options;
  const given = { last, daily, weekly, monthly, keepIfVerified, storageClass };
  const isGiven = Object.values(given).some((value) => value !== undefined);
  const rules = isGiven ? retentionSchema.parse(given) : (retention ?? {});
  const keeps = [rules.last, rules.daily, rules.weekly, rules.monthly];
  if (keeps.some((count) => count !== undefined)) return rules;
  if (options.leftovers === true) return null;
  throw new UsageError("nothing says which sets to keep", {
    hint:
      "give --last, --daily, --weekly or --monthly, or retention in the configuration; --leftovers alone " +
      "keeps every set",
  });
}

interface Opened {
  readonly store: Store;
  readonly networks: readonly string[];
  readonly retention: Retention | undefined;
}

async function openNamed(
  options: StoreOptions,
  host: Host,
  networksIn: (store: Store) => Promise<readonly string[]> = networksWithSets,
): Promise<Opened> {
  const { config: file, store: url, network } = options;
  if ((file === undefined) === (url === undefined)) {
    throw new UsageError(
      file === undefined
        ? "no store is named"
        : `--store ${url} and --config ${file} both name a store`,
      { hint: "give either --store URL or --config FILE" },
    );
  }
  const config =
    file === undefined
      ? null
      : (await loadConfig({ file, settings: [], environment: host.environment })).config;
  const storeUrl = url ?? config!.target.store;
  await requireFolder(storeUrl);
  const store = openStore(storeUrl);
  const named = network ?? (config === null ? undefined : (await networkOfConfig(config)).name);
  if (named !== undefined) return { store, networks: [named], retention: config?.retention };
  if (!store.isListable) {
    throw new UsageError(`${store.url} cannot be listed`, { hint: "name the network: --network" });
  }
  return { store, networks: await networksIn(store), retention: undefined };
}

async function openOne(
  options: StoreOptions,
  host: Host,
  networksIn?: (store: Store) => Promise<readonly string[]>,
) {
  const { store, networks, retention } = await openNamed(options, host, networksIn);
  const [network, another] = networks;
  if (another !== undefined) {
    throw new UsageError(`${store.url} holds sets of ${networks.join(", ")}`, {
      hint: "name one of them: --network",
    });
  }
  if (network === undefined) throw noSets(store);
  return { store, retention, contents: await readContents(store, network) };
}

function noSets(store: Store): ConfigError {
  return new ConfigError(`${store.url} holds no set`, { hint: "check the URL and the network" });
}

/** By name or height; without any, the newest complete one. */
function choose(contents: StoreContents, store: Store, names: readonly string[]): ListedSet[] {
  const { sets } = contents;
  if (names.length === 0) {
    const newest = sets.find(({ set }) => set.fault === null) ?? sets[0];
    if (newest === undefined) throw noSets(store);
    return [newest];
  }
  return names.map((name) => {
    const found = sets.find(({ set, height }) => set.name === name || `${height}` === name);
    if (found !== undefined) return found;
    const known = sets.map(({ height }) => height).join(", ") || "none";
    throw new UsageError(`${store.url} holds no set ${name}; heights: ${known}`, {
      hint: `give a height or a manifest's name that forklift store ls --store ${store.url} shows`,
    });
  });
}
