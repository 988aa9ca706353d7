// A job whose verification says no leaves the report behind: in its document, in the evidence, and as a
// file of a dry run.

import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, startServer, urlWithDatabase } from "@forklift/postgres";
import { makeSample } from "@forklift/sample";
import {
  forkliftJson,
  openTestDatabase,
  runForklift,
  serverUrl,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportSchema } from "../src/verification-report.ts";
import { changeDatabase } from "./small-archive.ts";

const FUNCTION = "create function one() returns int language sql as 'select 1'";

let home: string;
let target: TestDatabase;
let tip: string;

/** Runs where the dry run leaves its files. */
const ranWith = () => ({ cwd: home, env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
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
  await forkliftJson(argsOf("prime"), ranWith());
  await rename(path.join(home, second!), path.join(network, "dumps", second!));
  // No row and no digest tells of it.
  await changeDatabase(target, FUNCTION);
});

afterAll(async () => {
  await target?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const difference = { table: "public", key: "functions", column: "*", expected: "0", found: "1" };

function differencesIn(report: unknown) {
  return reportSchema.parse(report).checks.flatMap(({ differences }) => differences);
}

test("of a daily job the document and the evidence hold the report", async () => {
  const { exit, stdout, stderr } = await runForklift(argsOf("daily"), ranWith());
  expect(exit).toBe(20);
  expect(stderr).toContain("--json and the evidence of the run hold it");
  const { ok, error, report } = JSON.parse(stdout) as Record<string, unknown>;
  expect({ ok, error }).toMatchObject({ ok: false, error: { name: "VerificationError" } });
  expect(differencesIn(report)).toEqual([difference]);

  const runs = path.join(home, "network/store/sample-runs");
  const evidence = (await readdir(runs)).find((name) => name.endsWith(".evidence.json"))!;
  const { errors } = JSON.parse(await readFile(path.join(runs, evidence), "utf8")) as {
    readonly errors: readonly { readonly details: { readonly report: unknown } }[];
  };
  expect(differencesIn(errors[0]!.details.report)).toEqual([difference]);
});

test("a dry run leaves its report as a file, and no hand-over", async () => {
  await using server = await startServer({ binaries: "auto" });
  const args = argsOf("final", "--dry-run", "--fork-state-hash", tip);
  const env = { FORKLIFT_POSTGRES_URL: server.url };
  const [{ exit }] = await Promise.all([
    runForklift(args, { cwd: home, env }),
    changeScratchTarget(server.url),
  ]);
  expect(exit).toBe(20);
  const left = (await readdir(home)).filter((name) => name.startsWith("sample-dry-run-"));
  expect(left).toEqual([`sample-dry-run-report-25-${tip}.json`]);
  const report: unknown = JSON.parse(await readFile(path.join(home, left[0]!), "utf8"));
  expect(differencesIn(report)).toEqual([difference]);
});

/** A dry run makes its target itself; ours is the only one on that server. Until the test times out. */
async function changeScratchTarget(serverUrl: string): Promise<void> {
  const applicationName = "test";
  await using server = await connect(serverUrl, { applicationName });
  for (let isChanged = false; !isChanged; ) {
    await delay(20);
    const [found] = await server.query<{ name: string }>(
      "select datname as name from pg_database where datname like 'forklift\\_scratch\\_target\\_%'",
    );
    if (found === undefined) continue;
    await using scratch = await connect(urlWithDatabase(serverUrl, found.name), {
      applicationName,
    });
    const [row] = await scratch.query<{ isFilled: boolean }>(
      `select to_regclass('public.blocks') is not null as "isFilled"`,
    );
    if (row!.isFilled) await scratch.query(FUNCTION);
    isChanged = row!.isFilled;
  }
}
