// A job whose verification says no leaves the report behind: in its document, in the evidence, and as a
// file of a dry run.

import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, startServer, urlWithDatabase } from "@forklift/postgres";
import { makeSample } from "@forklift/sample";
import {
  inProcess,
  openTestDatabase,
  serverUrl,
  standIn,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import { reportSchema } from "../src/stages/verification-report.ts";

const { run, runJson } = inProcess(forklift);

/** What the migration does not look at again, and every verification does. */
const CHANGE = "update blocks set min_window_density = min_window_density + 1 where height = 3";

/** The stage that copies blocks has committed the new ones; the restored set has fewer. */
const copiedTo = (height: number) => `(select max(height) = ${height} from blocks)`;

let home: string;
let target: TestDatabase;
let tip: string;

const ranWith = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const argsOf = (...job: string[]) => [
  ...[...job, "--config", path.join(home, "network/forklift.yaml")],
  ...["--set", `target.database=${target.url}`, "--json"],
];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-failed-"));
  target = await openTestDatabase();
  const network = path.join(home, "network");
  const sizes = { blocks: 25, days: 2, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 2 };
  const sample = await makeSample(sizes, network);
  tip = sample.tip.stateHash;
  const [, second] = sample.dumps;
  await rename(path.join(network, "dumps", second!), path.join(home, second!));
  await runJson(argsOf("prime"), ranWith());
  await rename(path.join(home, second!), path.join(network, "dumps", second!));
});

afterAll(async () => {
  await target?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

// Where the dry run leaves its files.
standIn(() => home);

function tablesThatDiffer(report: unknown): string[] {
  const { checks } = reportSchema.parse(report);
  const tables = checks.flatMap(({ differences }) => differences.map(({ table }) => table));
  return [...new Set(tables)];
}

test("of a daily job the document and the evidence hold the report", async () => {
  const [{ exit, stdout, stderr }] = await Promise.all([
    run(argsOf("daily"), ranWith()),
    changeOnce(target.url, copiedTo(20)),
  ]);
  expect(exit).toBe(20);
  expect(stderr).toContain("--json and the evidence of the run hold it");
  const { ok, error, report } = JSON.parse(stdout) as Record<string, unknown>;
  expect({ ok, error }).toMatchObject({ ok: false, error: { name: "VerificationError" } });
  expect(tablesThatDiffer(report)).toEqual(["blocks"]);

  const runs = path.join(home, "network/store/sample-runs");
  const evidence = (await readdir(runs)).find((name) => name.endsWith(".evidence.json"))!;
  const { errors } = JSON.parse(await readFile(path.join(runs, evidence), "utf8")) as {
    readonly errors: readonly { readonly details: { readonly report: unknown } }[];
  };
  expect(tablesThatDiffer(errors[0]!.details.report)).toEqual(["blocks"]);
});

test("a dry run leaves its report as a file, and no hand-over", {
  tags: ["only-in-all"],
}, async () => {
  await using server = await startServer({ binaries: "auto" });
  const args = argsOf("final", "--dry-run", "--fork-state-hash", tip);
  const env = { FORKLIFT_POSTGRES_URL: server.url };
  const [{ exit }] = await Promise.all([run(args, { env }), changeScratchTarget(server.url)]);
  expect(exit).toBe(20);
  const left = (await readdir(home)).filter((name) => name.startsWith("sample-dry-run-"));
  expect(left).toEqual([`sample-dry-run-report-25-${tip}.json`]);
  const report: unknown = JSON.parse(await readFile(path.join(home, left[0]!), "utf8"));
  expect(tablesThatDiffer(report)).toEqual(["blocks"]);
});

/** A dry run makes its target itself; ours is the only one on that server. */
async function changeScratchTarget(serverUrl: string): Promise<void> {
  const target = await scratchTargetOn(serverUrl);
  await waitFor(target, "to_regclass('public.blocks') is not null");
  await changeOnce(target, copiedTo(25));
}

async function scratchTargetOn(serverUrl: string): Promise<string> {
  await using server = await connect(serverUrl, { applicationName: "test" });
  for (;;) {
    const [found] = await server.query<{ name: string }>(
      "select datname as name from pg_database where datname like 'forklift\\_run\\_%\\_target'",
    );
    if (found !== undefined) return urlWithDatabase(serverUrl, found.name);
    await delay(20);
  }
}

async function changeOnce(url: string, condition: string): Promise<void> {
  await waitFor(url, condition);
  await using session = await connect(url, { applicationName: "test" });
  await session.query(CHANGE);
}

/** Until the test times out. */
async function waitFor(url: string, condition: string): Promise<void> {
  await using session = await connect(url, { applicationName: "test" });
  for (;;) {
    const [row] = await session.query<{ holds: boolean }>(`select ${condition} as holds`);
    if (row!.holds) return;
    await delay(20);
  }
}
