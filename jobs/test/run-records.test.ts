// Every run has a record, is visible while it goes on, and gets a notice with evidence when it
// failed or crashed; `forklift status` shows all of it.

import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Server, startServer } from "@forklift/postgres";
import { decodeManifest, decodeRunRecord, type RunRecord } from "@forklift/sets";
import {
  CLOSED_PORT,
  changeDatabase,
  inProcess,
  interruptRun,
  openTestDatabase,
  type TestDatabase,
} from "@forklift/testkit";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { forklift } from "../src/commands/index.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { configSchema } from "../src/config/schema.ts";
import { openMonitor } from "../src/observe/metrics/monitor.ts";
import { watchRun } from "../src/observe/run-recorder.ts";
import { runJob } from "../src/run/run-job.ts";
import type { Status } from "../src/run/status.ts";
import { verifyTarget } from "../src/stages/verify-target.ts";
import { type HttpRecorder, openHttpRecorder } from "./http-recorder.ts";

const { run, runJson } = inProcess(forklift);

const PASSWORD = "wörd/of@honour";
const TOKEN = "T000/B000/token-of-the-hook";

const MODES = { stop: { forkStateHash: null, stopAtHeight: null }, isReplacing: false } as const;
const PRIME = { ...MODES, job: "prime", isDryRun: false } as const;

describe("the runs of a network", () => {
  let home: string;
  let nights: string[];
  let server: Server;
  let webhook: HttpRecorder;
  let gateway: HttpRecorder;
  let broken: TestDatabase;
  let config: string;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-runs-"));
    const sample = ["sample", "--out", home, "--blocks", "30", "--finality", "5"];
    await runJson([...sample, "--days", "2"]);
    await rename(path.join(home, "dumps"), path.join(home, "nights"));
    await mkdir(path.join(home, "dumps"));
    nights = (await readdir(path.join(home, "nights"))).sort();
    server = await startServer({ binaries: "auto" });
    webhook = await openHttpRecorder();
    gateway = await openHttpRecorder([200, 200, 500]);
    config = await writeConfig("forklift.yaml", { dumps: "./dumps/" });
    broken = await openTestDatabase();
    const dump = pathToFileURL(path.join(home, "nights", nights[0]!)).href;
    await runJson(["restore", "--dump", dump, "--db", broken.url]);
    const gap = "update blocks set chain_status = 'orphaned' where height = $1";
    await changeDatabase(broken, gap, [4]);
  });

  afterAll(async () => {
    for (const one of [server, webhook, gateway, broken]) await one?.[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  const writeConfig = async (name: string, source: object) => {
    const file = path.join(home, name);
    const postgres = server.url.replace("@", `:${encodeURIComponent(PASSWORD)}@`);
    await writeFile(
      file,
      stringify({
        network: "./network.yaml",
        genesisLedger: "./genesis-ledger.json",
        source,
        target: { store: "./store/" },
        blocks: ["./blocks/"],
        postgres: { url: postgres },
        schedule: { cron: "0 2 * * *" },
        metrics: { port: 0, pushgateway: gateway.url },
        notify: { webhook: `${webhook.url}/services/${TOKEN}` },
      }),
    );
    return file;
  };

  const receive = async (night: number) => {
    const dump = nights[night]!;
    await rename(path.join(home, "nights", dump), path.join(home, "dumps", dump));
  };

  const storePath = (...parts: string[]) => path.join(home, "store", ...parts);

  const records = async (): Promise<RunRecord[]> => {
    const names = (await readdir(storePath("sample-runs"))).sort();
    const texts = names
      .filter((name) => !name.includes("evidence"))
      .map(async (name) =>
        decodeRunRecord(await readFile(storePath("sample-runs", name), "utf8"), name),
      );
    const found = await Promise.all(texts);
    // Two names of one second say nothing of their order.
    return found.sort((a, b) => (a.started < b.started ? -1 : 1));
  };

  const status = async () => await runJson<Status>(["status", "--config", config]);

  test("before the first run the status is empty, and no error", async () => {
    expect(await status()).toMatchObject({
      ...{ network: "sample", sets: [], runs: [], lag: null, lastSuccess: {}, faults: [] },
      trend: { durationMs: null, setBytes: null },
    });
  });

  test("a run that was killed is told of: by the status at once, by the next run as well", async () => {
    await receive(0);
    const killed = { signal: "SIGKILL", line: /copy-blocks done/ } as const;
    const { exit } = await interruptRun(["prime", "--config", config], killed);
    expect(exit).toBeNull();
    expect(await records()).toMatchObject([{ state: "running", recipe: "prime", exit: null }]);
    expect((await status()).runs).toMatchObject([{ state: "crashed", exit: null }]);
    expect(webhook.received).toHaveLength(0);
  });

  test("a run is seen while it goes on, and afterwards in its record and at the Pushgateway", async () => {
    const { config: loaded } = await loadConfig({ file: config, settings: [], environment: {} });
    const environment = {
      log: pino({ enabled: false }),
      signal: new AbortController().signal,
      now: () => performance.now(),
      date: () => new Date(),
      progressLine: null,
    };
    await using monitor = await openMonitor(loaded, environment);
    const seen: Promise<string>[] = [];
    const look = async (page: string) =>
      await (await fetch(`http://127.0.0.1:${monitor.port}/${page}`)).text();
    expect(await look("readyz")).toBe("starting\n");
    const { set } = await runJob(loaded, PRIME, {
      ...environment,
      monitor,
      onStageProgressed: ({ stage }) => {
        if (stage === "replay-commands") seen.push(look("metrics"), look("readyz"));
      },
    });
    const [metrics, readiness] = await Promise.all(seen);
    const run = 'network="sample",recipe="prime"';
    expect(metrics).toContain(`forklift_running{${run}} 1`);
    expect(metrics).toContain(`forklift_stage_duration_seconds{${run},stage="preflight"}`);
    expect(metrics).toMatch(/forklift_stage_progress_ratio\{.*stage="replay-commands"\} /);
    expect(metrics).toMatch(/forklift_disk_free_bytes\{.*place="store"\} \d/);
    expect(readiness).toBe("ready\n");

    const manifest = decodeManifest(await readFile(storePath(set!), "utf8"), set!);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    const [dead, record] = await records();
    expect(dead).toMatchObject({ state: "crashed", exit: null, ended: dead!.updated });
    expect(record).toMatchObject({
      state: "succeeded",
      exit: 0,
      published: true,
      source: { name: nights[0], height: 15, canonicalHeight: 10 },
      set: { name: set, height: 10, bytes, exceptions: 0 },
      lagBlocks: 5,
      verification: { ok: true },
      sourceFaults: 0,
      evidence: null,
    });
    expect(record!.verification!.comparisons).toBeGreaterThan(100);
    expect(record!.stages.map(({ stage }) => stage).slice(0, 3)).toEqual([
      ...["require-new-store", "restore-source", "preflight"],
    ]);
    expect(webhook.received.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
      { event: "run-crashed", recipe: "prime", run: dead!.id, exit: null },
    ]);

    const [ofNetwork, ofRun] = gateway.received.map(({ body }) => body);
    expect(ofNetwork).toContain('forklift_lag_blocks{network="sample"} 5\n');
    expect(ofNetwork).toContain(`forklift_set_size_bytes{network="sample"} ${bytes}\n`);
    expect(ofRun).toContain(`forklift_run_exit_code{${run}} 0\n`);
    expect(ofRun).toContain(`forklift_running{${run}} 0\n`);
    expect(ofRun).toMatch(/forklift_last_success_timestamp_seconds\{.*\} \d{10}/);
  });

  test("an idle day needs no database, and is a success with a record, also when the Pushgateway fails", async () => {
    const away = ["--set", `postgres.url=${CLOSED_PORT}`];
    const { exit, stderr } = await run(["daily", "--config", config, ...away]);
    expect(exit, stderr).toBe(0);
    expect(stderr).toContain("metrics were not pushed: the Pushgateway answered 500");
    expect((await records()).at(-1)).toMatchObject({
      ...{ state: "succeeded", recipe: "daily", published: false, lagBlocks: 5 },
      source: { name: nights[0], height: 15, canonicalHeight: 10 },
      verification: { ok: true, comparisons: null },
      stages: [{ stage: "look-for-news" }],
    });
  });

  test("a run that fails says why in its record and its notice, and leaves evidence without a secret", async () => {
    const gap = await writeConfig("gap.yaml", {
      database: broken.url.replace("@", `:${encodeURIComponent(PASSWORD)}@`),
    });
    const secret = "of-the-environment";
    const env = { FORKLIFT_TEST_TOKEN: secret };
    const { exit, stderr } = await run(["daily", "--config", gap, "--log-json"], { env });
    expect(exit).toBe(65);
    const record = (await records()).at(-1)!;
    expect(record).toMatchObject({
      ...{ state: "failed", exit: 65, sourceFaults: expect.any(Number) as number },
      ...{ verification: null, set: { height: 10 }, published: false },
      error: { name: "SourceDataError", message: expect.stringContaining("height 4") as string },
    });
    expect(gateway.received.at(-2)!.body).toMatch(/forklift_source_faults\{.*\} [1-9]/);
    expect(gateway.received.at(-1)!.body).toMatch(/forklift_run_exit_code\{.*\} 65/);
    // Another run's success is not forgotten.
    expect(gateway.received.at(-1)!.body).toMatch(/forklift_last_success_timestamp_seconds\{/);

    const notice = webhook.received.at(-1)!;
    expect(notice.path).toBe(`/services/${TOKEN}`);
    expect(JSON.parse(notice.body)).toMatchObject({
      ...{ event: "run-failed", network: "sample", recipe: "daily", exit: 65 },
      ...{ evidence: record.evidence, next: expect.stringContaining("then run again") as string },
    });
    const evidence = await readFile(new URL(record.evidence!), "utf8");
    expect(JSON.parse(evidence)).toMatchObject({
      config: { network: expect.stringContaining("network.yaml") as string },
      databases: [{ role: "source", version: expect.any(String) as string }, { role: "target" }],
      errors: [{ name: "SourceDataError" }],
    });
    const { log } = JSON.parse(evidence) as { readonly log: readonly { readonly msg: string }[] };
    expect(log.map(({ msg }) => msg)).toContainEqual(
      expect.stringMatching(/^1\/\d+ restore-source$/),
    );
    for (const hidden of [PASSWORD, encodeURIComponent(PASSWORD), TOKEN, secret]) {
      for (const text of [evidence, JSON.stringify(record), notice.body, stderr]) {
        expect(text).not.toContain(hidden);
      }
    }
  });

  test("the status shows sets, runs, lag, trend and the next run, also after a set of version 1", async () => {
    const [name] = (await readdir(storePath())).filter((it) => it.startsWith("sample-set-"));
    const manifest = decodeManifest(await readFile(storePath(name!), "utf8"), name!);
    expect(manifest).toMatchObject({
      version: 2,
      history: "canonical",
      inputs: [{ role: "source-dump", name: nights[0] }, { role: "settings" }],
      runId: expect.stringMatching(/-prime-/) as string,
    });
    const {
      inputs: _inputs,
      history: _history,
      runId: _runId,
      ...rest
    } = manifest as object & {
      readonly [key in "inputs" | "history" | "runId"]: unknown;
    };
    await writeFile(storePath(name!), JSON.stringify({ ...rest, version: 1 }));
    await receive(1);
    await runJson(["daily", "--config", config]);
    const found = await status();
    expect(found.sets.map(({ height }) => height)).toEqual([25, 10]);
    expect(found.runs.map(({ recipe, state, published }) => [recipe, state, published])).toEqual([
      ["daily", "succeeded", true],
      ["daily", "failed", false],
      ["daily", "succeeded", false],
      ["prime", "succeeded", true],
      ["prime", "crashed", false],
    ]);
    expect(found.lag).toMatchObject({ blocks: 5 });
    expect(Object.keys(found.lastSuccess).sort()).toEqual(["daily", "prime"]);
    const [newest, former] = found.sets.map(({ bytes }) => bytes);
    expect(found.trend).toEqual({ durationMs: null, setBytes: { last: newest, usual: former } });
    expect(found.nextRun).toMatch(/T02:00:00.000Z$/);
    const { stdout } = await run(["status", "--config", config]);
    expect(stdout).toMatch(/^lag +5 blocks at /m);
    expect(stdout).toMatch(/^daily .* failed 65 +2\S+-daily-/m);
    expect(stdout).toMatch(/^cause +the source is not a whole chain/m);
    expect(stdout).toMatch(/^prime .* crashed +2\S+-prime-/m);
    expect(stdout).toMatch(/^cause +the process \d+ on /m);
    expect(stdout).toMatch(
      /^next +look for an out-of-memory kill .* it goes on after the last batch /m,
    );
    // One size of a set, whoever tells it, and one form of a date.
    const listed = await runJson<{ sets: { set: string; bytes: number }[] }>([
      ...["store", "ls", "--config", config],
    ]);
    expect(listed.sets.map(({ set, bytes }) => [set, bytes])).toEqual(
      found.sets.map(({ name, bytes }) => [name, bytes]),
    );
    const ls = await run(["store", "ls", "--config", config]);
    const cells = (text: string) =>
      [...text.matchAll(/ (\d{4}-\d\d-\d\d \d\d:\d\d UTC) +(\d\S* \wB)(?: {2}|$)/gm)].map(
        ([, date, size]) => [date, size],
      );
    expect(cells(ls.stdout)).toHaveLength(2);
    expect(cells(ls.stdout)).toEqual(cells(stdout));
    expect(stdout + ls.stdout).not.toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d/);
  });

  test("a run whose network cannot be told is told of all the same", async () => {
    const before = webhook.received.length;
    const { exit } = await run(["daily", "--config", config, "--set", "network=nowhere"]);
    expect(exit).toBe(78);
    expect(JSON.parse(webhook.received.slice(before)[0]!.body)).toMatchObject({
      ...{ event: "run-failed", network: "nowhere", exit: 78 },
    });
  });
});

describe("records", () => {
  const now = new Date("2024-04-04T03:00:00Z");

  test("a store that cannot be written fails nothing, and evidence goes to a file", async () => {
    await using web = await openHttpRecorder();
    const lines: string[] = [];
    const config = configSchema.parse({
      network: "sample",
      source: { database: "postgres://me:secret@host/db" },
      target: { store: `${web.url}/` },
      blocks: ["file:///blocks/"],
      notify: { webhook: `${web.url}/hook` },
    });
    const environment = {
      log: pino({}, { write: (line: string) => void lines.push(line) }),
      signal: new AbortController().signal,
      ...{ now: () => 0, date: () => now, progressLine: null },
    };
    const watch = await watchRun({
      config,
      options: PRIME,
      network: "sample",
      verifyStage: verifyTarget.id,
      environment,
    });
    await watch.failed(new Error("what happened, with a secret"));
    expect(lines.join("\n")).toContain("run records cannot be kept");
    const file = /"evidence":"([^"]+)"/.exec(lines.join("\n"))![1]!;
    const evidence = await readFile(file, "utf8");
    expect(evidence).toContain("what happened, with a ***");
    const notice = web.received.find(({ path: at }) => at === "/hook")!;
    expect(JSON.parse(notice.body)).toMatchObject({ cause: "what happened, with a ***", exit: 70 });
    await rm(file);
  });
});
