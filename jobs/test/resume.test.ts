// A job that is stopped goes on where it stood when it is run again on the same input, in whatever stage that
// was; another input begins anew. In the end nothing of any of them is left but the set.

import { chmod, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import { inProcess, projectionOfSets, serverUrl, standIn } from "@forklift/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";
import type { JobOutcome } from "../src/run/run-job.ts";
import type { UnfinishedRun } from "../src/run/unfinished-runs.ts";

const { run, runJson } = inProcess(forklift);

let home: string;
let network: string;

/** Of the run itself. */
const workFolder = () => path.join(home, "work");
const store = () => path.join(home, "store");

const configured = (...more: string[]) => [
  ...["--config", path.join(network, "forklift.yaml")],
  ...["--set", `work.dir=${workFolder()}`, "--set", `target.store=${store()}`, ...more],
];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-resume-"));
  // A server of our own may run as another user.
  await chmod(home, 0o755);
  network = path.join(home, "network");
  const sizes = { blocks: 40, days: 2, seed: 5, finality: 5, accounts: 30, commandsPerBlock: 2 };
  const { dumps } = await makeSample(sizes, network);
  await rename(path.join(network, "dumps", dumps[1]!), path.join(home, dumps[1]!));
});

afterAll(() => rm(home, { recursive: true, force: true }));

beforeEach(async () => {
  for (const folder of [workFolder(), store()]) await rm(folder, { recursive: true, force: true });
});

standIn(() => home);

const onServer = () => ({ env: { FORKLIFT_POSTGRES_URL: serverUrl() } });
const onOwnServer = () => ({ env: { FORKLIFT_POSTGRES_EMBEDDED: "false" } });

/** Stopped as soon as the stage begins. */
async function stoppedAt(stage: string, options: { readonly env: Record<string, string> }) {
  const stopAt = new RegExp(`"stage":"${stage}"`);
  return await run(["prime", ...configured()], { ...options, stopAt });
}

async function unfinished(): Promise<readonly UnfinishedRun[]> {
  const { unfinished: found } = await runJson<{ unfinished: UnfinishedRun[] }>([
    ...["run", "ls", ...configured()],
  ]);
  return found;
}

let calm: Promise<unknown> | undefined;

/** Of a prime that nobody disturbs. */
function undisturbed(): Promise<unknown> {
  calm ??= (async () => {
    const elsewhere = ["--set", `target.store=${path.join(home, "calm")}`];
    const args = ["prime", ...configured(...elsewhere)];
    await runJson(args, onServer());
    return await projectionOfSets(path.join(home, "calm"));
  })();
  return calm;
}

/** Rows of the stages that had something to do. */
function workOf({ stages }: JobOutcome): Record<string, number> {
  return Object.fromEntries(
    stages.flatMap(({ stage, skipped, rowCount }) => (skipped === null ? [[stage, rowCount]] : [])),
  );
}

describe("a prime that is stopped goes on", () => {
  const goesOnFrom = async (stage: string, done: readonly string[]) => {
    const { exit, stderr } = await stoppedAt(stage, onServer());
    expect(exit, stderr).toBe(75);
    expect(stderr).toContain(`its work folder below ${workFolder()}`);
    expect(await unfinished()).toMatchObject([{ job: "prime", state: "interrupted", attempts: 1 }]);

    const args = ["prime", ...configured(), "--json"];
    const again = await run(args, onServer());
    expect(again.exit, again.stderr).toBe(0);
    expect(again.stderr).toContain("goes on with a run that was interrupted");
    const outcome: JobOutcome = JSON.parse(again.stdout);
    const work = workOf(outcome);
    const { resumedAbove } = outcome.verified!;
    expect(resumedAbove).toBe(stage === "publish-set" ? outcome.height : undefined);
    for (const name of done) expect(work).not.toHaveProperty(name);
    expect(await projectionOfSets(store())).toEqual(await undisturbed());
    expect(await unfinished()).toEqual([]);
  };

  test("from the middle, without what was done", () =>
    goesOnFrom("replay-commands", ["copy-blocks"]));

  test.each([
    ["copy-blocks", []],
    ["publish-set", ["copy-blocks", "replay-commands"]],
  ])("from %s, without what was done", { tags: ["only-in-all"] }, goesOnFrom);

  test("on a server of its own", { tags: ["only-in-all"] }, async () => {
    const { exit, stderr } = await stoppedAt("replay-commands", onOwnServer());
    expect(exit, stderr).toBe(75);
    const [left] = await unfinished();
    expect(left!.bytes).toBeGreaterThan(1_000_000);
    const outcome = await runJson<JobOutcome>(["prime", ...configured()], onOwnServer());
    expect(workOf(outcome)).not.toHaveProperty("copy-blocks");
    expect(await projectionOfSets(store())).toEqual(await undisturbed());
    expect(await unfinished()).toEqual([]);
  });
});

test("another input begins anew, and says why; the end of one gives the others up", {
  tags: ["only-in-all"],
}, async () => {
  await stoppedAt("replay-commands", onServer());
  const trusted = ["--trusted-state-hash", await tipOfSample()];
  const { exit, stderr } = await run(["prime", ...configured(), ...trusted], onServer());
  expect(exit, stderr).toBe(0);
  expect(stderr).toMatch(
    /begins anew beside one that was interrupted.*trusted: 3N\w+ instead of none/,
  );
  expect(await unfinished()).toEqual([]);
});

test("a run that is refused before it has done anything leaves nothing", {
  tags: ["only-in-all"],
}, async () => {
  await runJson(["prime", ...configured()], onServer());
  const { exit, stderr } = await run(["prime", ...configured()], onServer());
  expect(exit, stderr).toBe(78);
  expect(await unfinished()).toEqual([]);
});

test("an interrupted run is shown and given up", async () => {
  await stoppedAt("replay-commands", onServer());
  const [left] = await unfinished();
  const shown = await run(["run", "show", left!.id, ...configured()]);
  expect(shown.stdout).toContain(left!.folder);
  const removed = await run(["run", "rm", left!.id, ...configured()], onServer());
  expect(removed.exit).toBe(64);
  expect(await unfinished()).toHaveLength(1);
  await run(["run", "rm", left!.id, "--yes", ...configured()], onServer());
  expect(await unfinished()).toEqual([]);
  const gone = await run(["run", "rm", left!.id, "--yes", ...configured()], onServer());
  expect(gone.exit).toBe(78);
});

async function tipOfSample(): Promise<string> {
  const names = await readdir(path.join(network, "blocks"));
  return /-15-(\w+)\.json$/.exec(names.find((name) => /^sample-15-/.test(name))!)![1]!;
}
