// What a job reads, as its configuration names it, else as its network does.

import path from "node:path";
import { decodePreset, loadNetwork, type Network } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import type { JobName } from "@forklift/sets";
import { stateFolder } from "@forklift/system";
import type { Config } from "../config/schema.ts";

/** @throws ConfigError when there is no such preset, or it is not complete. */
export async function networkOfConfig({ network }: Pick<Config, "network">): Promise<Network> {
  return typeof network === "string"
    ? await loadNetwork(network)
    : decodePreset(network, "the network of the configuration");
}

/** @throws ConfigError when neither the configuration nor the network names one. */
export function genesisLedgerUrl(config: Pick<Config, "genesisLedger">, network: Network): string {
  const url = config.genesisLedger ?? network.genesis.ledgerUrl;
  if (url !== null) return url;
  throw new ConfigError(`the preset of ${network.name} names no genesis ledger`, {
    hint: "set genesisLedger in the configuration",
  });
}

/** Those of the configuration; else the network's own, with a word about what is wrong there. */
export function blocksUrls(
  { blocks }: Pick<Config, "blocks">,
  network: Network,
  warn: (message: string) => void,
): readonly string[] {
  if (blocks !== undefined) return blocks;
  const { url, faults } = network.blocks;
  if (url !== null) {
    for (const { first, last, reason, instead } of faults) {
      const advice = instead === null ? "" : `; instead: ${instead}`;
      warn(`${url}: blocks ${first} to ${last} are known to be wrong: ${reason}${advice}`);
    }
    return [url];
  }
  throw new ConfigError(`the preset of ${network.name} names no source of precomputed blocks`, {
    hint: "set blocks in the configuration",
  });
}

/**
 * Null when the source is a live database, or block files alone.
 * @throws ConfigError when neither names a store of dumps, or one that cannot be listed.
 */
export function sourceDumpsUrl(
  { source }: Pick<Config, "source">,
  network: Network,
): string | null {
  if (source.database !== undefined || source.blocks) return null;
  const url = source.dumps ?? network.dumps.url;
  if (url !== null) {
    requireBucketOrFolder(
      url,
      "the store of dumps",
      "the newest dump is found by listing, which the web has not",
    );
    return url;
  }
  throw new ConfigError(`the preset of ${network.name} names no store of dumps`, {
    hint: "set source.dumps, source.database or source.blocks in the configuration",
  });
}

/**
 * The store of the sets, for a run that publishes.
 * @throws ConfigError for one that cannot be written.
 */
export function publishingStoreUrl({ target }: Pick<Config, "target">): string {
  requireBucketOrFolder(
    target.store,
    "the store of the sets",
    "a job publishes there, and the web can only be read",
  );
  return target.store;
}

/** The folder of all runs of this machine. */
export function workRoot({ work }: Pick<Config, "work">): string {
  return path.resolve(work.dir ?? stateFolder("forklift"));
}

function requireBucketOrFolder(url: string, name: string, reason: string): void {
  if (/^https?:/i.test(url)) {
    throw new ConfigError(`${name} is on the web, expected a folder or gs://: ${reason}`, {
      hint: "name a folder or a bucket",
    });
  }
}

/** @throws ConfigError when the database that is read is the one that is to be filled. */
export function requireTwoDatabases({ source, target }: Pick<Config, "source" | "target">): void {
  if (source.database === undefined || target.database === undefined) return;
  if (databaseAt(source.database) !== databaseAt(target.database)) return;
  throw new ConfigError(
    "the target's database is source.database, too: the source is read, and the target is filled",
    {
      hint: "name another database, which need not exist yet, or leave target.database out",
    },
  );
}

/** The same text for the same database, whoever connects to it; the URL itself where it is of a socket. */
function databaseAt(text: string): string {
  if (!URL.canParse(text)) return text;
  const { hostname, port, pathname, searchParams } = new URL(text);
  if (hostname === "") return text;
  const host = searchParams.get("host") ?? hostname;
  return `${host.toLowerCase()}:${searchParams.get("port") ?? (port || "5432")}${pathname}`;
}

/**
 * A prime copies for hours what it verifies in the end: in between the network decides on pending blocks.
 * @throws ConfigError for a prime of a history of all on a living archive.
 */
export function requireSettledSource(
  { history, source }: Pick<Config, "history" | "source">,
  job: JobName,
): void {
  if (job !== "prime" || history !== "all" || source.database === undefined) return;
  throw new ConfigError(
    "a prime of history: all reads pending blocks of a living archive, which will have been decided on when it verifies them",
    {
      hint: "set source.dumps in place of source.database, or history: complete, or run forklift follow",
    },
  );
}

/**
 * Block files say neither what an archive has otherwise nor which blocks are pending.
 * @throws ConfigError for a run from block files that asks for what only an archive has.
 */
export function requireArchiveFor({
  source,
  heal,
  history,
}: Pick<Config, "source" | "heal" | "history">): void {
  if (!source.blocks) return;
  const asked = [
    ["heal: true", heal],
    ["history: all", history === "all"],
  ].find(([, isAsked]) => isAsked);
  if (asked === undefined) return;
  throw new ConfigError(
    `${asked[0]} and source.blocks exclude each other: without an archive there is nothing but block files`,
    { hint: "set source.dumps or source.database in place of source.blocks, or leave that out" },
  );
}
