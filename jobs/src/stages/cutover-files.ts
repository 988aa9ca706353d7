// What a cutover hands over, for an operator who does the rest: two scripts that exchange the names of source and
// target, where both are on one server, and the hand-over of the final set, with what the configuration and
// everybody else reads from then on.

import { areOnOneServer, planSwitch, switchBackScript, switchScript } from "@forklift/archive";
import { VerificationError } from "@forklift/pipeline";
import { MAINTENANCE_DATABASE, maskUrl, type Session, urlWithDatabase } from "@forklift/postgres";
import { checkedBytes, fileOf, type Manifest } from "@forklift/sets";
import type { Store } from "@forklift/storage";
import { writtenTablesSql } from "@forklift/verifier";
import type { HandOver } from "./hand-over.ts";
import { provenUpTo } from "./proven-height.ts";

const SWITCH = "switch.sql";
const SWITCH_BACK = "switch-back.sql";
const HAND_OVER = "hand-over.json";
const HAND_OVER_TEXT = "hand-over.txt";

export interface CutoverDatabases {
  readonly source: Session;
  readonly sourceUrl: string;
  readonly target: Session;
  readonly targetUrl: string;
}

/** What source and target are called, and what stands where afterwards. */
export interface Exchange {
  /** Whether the names can be exchanged; else everybody is pointed at the target. */
  readonly isOneServer: boolean;
  /** URLs, masked, as a configuration names them once it is done. */
  readonly afterwards: { readonly source: string; readonly target: string };
  /** For psql; null where there is nothing to run. */
  readonly maintenanceUrl: string | null;
}

export async function exchangeOf(
  { source, sourceUrl, target, targetUrl }: CutoverDatabases,
  day: Date,
): Promise<Exchange> {
  if (!(await areOnOneServer(source, target))) {
    const afterwards = { source: maskUrl(sourceUrl), target: maskUrl(targetUrl) };
    return { isOneServer: false, afterwards, maintenanceUrl: null };
  }
  const { source: old, oldName } = await planSwitch(source, target, day);
  return {
    isOneServer: true,
    afterwards: {
      source: maskUrl(urlWithDatabase(sourceUrl, oldName)),
      target: maskUrl(urlWithDatabase(targetUrl, old.name)),
    },
    maintenanceUrl: maskUrl(urlWithDatabase(targetUrl, MAINTENANCE_DATABASE)),
  };
}

/**
 * The files by their names.
 * @throws VerificationError when the target is not marked as proven up to the set.
 */
export async function composeCutoverFiles(
  databases: CutoverDatabases,
  {
    store,
    manifest,
    day,
  }: { readonly store: Store; readonly manifest: Manifest; readonly day: Date },
): Promise<ReadonlyMap<string, string>> {
  const { source, target } = databases;
  const { height, stateHash } = manifest;
  const proven = await provenUpTo(target, manifest);
  if (proven === null) {
    throw new VerificationError(
      `the target ${target.maskedUrl} is not marked as proven up to ${stateHash} at height ${height}`,
      { hint: "find out who writes to it, then run forklift cutover again, which verifies anew" },
    );
  }
  const exchange = await exchangeOf(databases, day);
  const handOver = JSON.parse(await textOf(store, manifest, "hand-over")) as HandOver;
  const text = await textOf(store, manifest, "hand-over-text");
  const steps = stepsAfter(databases, exchange);
  const files = new Map([
    [HAND_OVER, `${JSON.stringify({ ...handOver, exchange: { ...exchange, steps } }, null, 2)}\n`],
    [HAND_OVER_TEXT, `${text}\n${exchangeText(exchange, steps)}`],
  ]);
  if (!exchange.isOneServer) return files;
  const plan = await planSwitch(source, target, day);
  const options = {
    tip: `${stateHash} at height ${height}`,
    writtenSql: writtenTablesSql(proven.versions),
  };
  return files
    .set(SWITCH, switchScript(plan, options))
    .set(SWITCH_BACK, switchBackScript(plan, options));
}

async function textOf(
  store: Store,
  manifest: Manifest,
  role: "hand-over" | "hand-over-text",
): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of checkedBytes(store, fileOf(manifest, role))) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** In the order in which they are done. */
export function stepsAfter(
  { sourceUrl, targetUrl }: Pick<CutoverDatabases, "sourceUrl" | "targetUrl">,
  { isOneServer, afterwards, maintenanceUrl }: Exchange,
): readonly string[] {
  if (!isOneServer) {
    return [
      "stop the archive node of the old chain, and whatever else writes to the source",
      `point the archive node of the new chain and every reader at ${maskUrl(targetUrl)}, instead of ` +
        maskUrl(sourceUrl),
      "give the target the owner, the grants and the ALTER DATABASE … SET of the source: the roles of one server " +
        "are not those of the other",
      "to go back, point all of them at the source again, which nobody has written to",
    ];
  }
  const psql = (script: string) => `psql -v ON_ERROR_STOP=1 -f ${script} '${maintenanceUrl}'`;
  return [
    "stop the archive node of the old chain, and whatever else writes to the source",
    `${psql(SWITCH)}, as a superuser; run it again if it is broken off`,
    `whoever reads ${maskUrl(sourceUrl)} keeps that URL, and finds the migrated archive; the old one is ` +
      afterwards.source,
    "start the archive node of the new chain with that same URL",
    `to go back before anything was written to the migrated archive: ${psql(SWITCH_BACK)}`,
  ];
}

function exchangeText({ isOneServer, afterwards }: Exchange, steps: readonly string[]): string {
  return `${[
    isOneServer
      ? "Source and target are on one server, so that their names can be exchanged:"
      : "Source and target are on two servers, so that everybody is pointed at the other one:",
    ...steps.map((step, index) => `${String(index + 1).padStart(2)}. ${step}`),
    "",
    "What forklift.yaml reads afterwards, for forklift verify and whatever comes later:",
    `  source: { database: ${JSON.stringify(afterwards.source)} }`,
    `  target: { database: ${JSON.stringify(afterwards.target)} }`,
  ].join("\n")}\n`;
}
