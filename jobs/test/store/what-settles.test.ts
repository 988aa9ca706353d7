// What the columns of a set rest on, from night to night: its manifest keeps it, and a daily run says the weaker of what
// was proven before and what it found itself.
// @module-tag only-in-all

import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseJson } from "@forklift/chain";
import { makeSample } from "@forklift/sample";
import { fileOf, type Manifest, manifestSchema } from "@forklift/sets";
import { inProcess, serverUrl } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import type { JobOutcome } from "../../src/run/run-job.ts";
import { reportSchema } from "../../src/stages/verification-report.ts";

const { run, runJson } = inProcess(forklift);

const SIZES = { blocks: 30, days: 2, seed: 7, finality: 4, accounts: 30, commandsPerBlock: 3 };
const HASH = "user_commands.hash";
const FEE = "internal_commands.fee";

let home: string;
let primed: Manifest;

const configured = (job: string, store: string, ...more: string[]) => [
  ...[job, "--config", path.join(home, "forklift.yaml"), ...more],
  ...["--set", `work.dir=${path.join(home, "work")}`, "--set", `target.store=${home}/${store}/`],
];
const ranWith = { env: { FORKLIFT_POSTGRES_URL: serverUrl() } };

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-settles-"));
  await makeSample(SIZES, home);
  const [, second] = (await readdir(path.join(home, "dumps"))).sort();
  const dump = path.join(home, "dumps", second!);
  await rename(dump, path.join(home, second!));
  primed = (await publish("prime", "store")).manifest;
  await rename(path.join(home, second!), dump);
});

afterAll(() => rm(home, { recursive: true, force: true }));

async function publish(job: string, store: string, ...more: string[]) {
  const { set } = await runJson<JobOutcome>(configured(job, store, ...more), ranWith);
  const read = async (name: string) =>
    parseJson(await readFile(path.join(home, store, name), "utf8"));
  const manifest = manifestSchema.parse(await read(set!));
  return { manifest, report: reportSchema.parse(await read(fileOf(manifest, "report").name)) };
}

/** A store of its own as the prime left it, its manifest saying something else. */
async function primedStore(name: string, restsOn?: Manifest["verification"]["restsOn"]) {
  const folder = path.join(home, name);
  await cp(path.join(home, "store"), folder, { recursive: true });
  for (const file of await readdir(folder)) {
    if (!/-set-\d+-3N\w+\.json$/.test(file)) continue;
    const verification = { ...primed.verification, restsOn };
    await writeFile(path.join(folder, file), JSON.stringify({ ...primed, verification }));
  }
  return name;
}

test("a prime tells of an archive and a file that agree; a daily does not claim its signatures for that", async () => {
  expect(primed.verification.restsOn).toMatchObject({
    [HASH]: "2 sources agree",
    [FEE]: "2 sources agree",
  });
  const daily = await publish("daily", await primedStore("plain", primed.verification.restsOn));
  expect(daily.report.signatures).toMatchObject({ share: "new" });
  expect(daily.report.signatures!.checked).toBeGreaterThan(0);
  expect(daily.report.coverage.by[HASH]).toContain("signature");
  expect(daily.report.coverage.restsOn[HASH]).toBe("2 sources agree");
  expect(daily.manifest.verification.restsOn).toEqual(primed.verification.restsOn);
});

test("a daily says the weaker, and takes what was never told for what every job did", async () => {
  const alone = { ...primed.verification.restsOn, [FEE]: "one file" } as const;
  const weak = await publish("daily", await primedStore("weak", alone));
  expect(weak.report.coverage.restsOn).toMatchObject({
    [FEE]: "one file",
    [HASH]: "2 sources agree",
  });
  const claims = weak.report.notProven.map(({ claim }) => claim);
  expect(claims).toContain(`1 column, up to height ${primed.height}, resting on one file`);
  const untold = await publish("daily", await primedStore("untold"));
  expect(untold.manifest.verification.restsOn).toEqual(primed.verification.restsOn);
});

test("with all signatures nothing is believed that was proven without them", async () => {
  const all = await publish("daily", await primedStore("all"), "--signatures", "all");
  expect(all.report).not.toHaveProperty("provenBefore");
  const { checked, of } = all.report.signatures!;
  expect([checked > 0, checked]).toEqual([true, of]);
  expect(all.manifest.verification.restsOn).toMatchObject({
    [HASH]: "signature",
    [FEE]: "2 sources agree",
  });
});

test("more sources than there are, are refused before anything is copied", async () => {
  const store = await primedStore("many");
  const { exit, stderr } = await run(configured("daily", store, "--agree", "3"), ranWith);
  expect(exit).toBe(78);
  expect(stderr).toContain(
    "3 sources are to agree on every block, and there are 1 of blocks, besides",
  );
});
