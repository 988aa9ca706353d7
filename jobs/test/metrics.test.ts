// Metrics come from run records by the contract, are served while forklift runs, and are pushed.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { failedRecord, runRecord, STARTED } from "@forklift/testkit";
import pino from "pino";
import { expect, test } from "vitest";
import { openMetrics } from "../src/observe/metrics/metrics.ts";
import { openMonitor } from "../src/observe/metrics/monitor.ts";
import { pushMetrics } from "../src/observe/metrics/push-metrics.ts";
import { setRunMetrics } from "../src/observe/metrics/run-metrics.ts";
import { openHttpRecorder } from "./http-recorder.ts";

const samplesOf = (text: string) => text.split("\n").filter((line) => /^forklift_/.test(line));

/** Runs before `STARTED`, the newest first, of so many seconds each. */
const earlierRuns = (...seconds: number[]) =>
  seconds.map((each, index) => {
    const started = Date.parse(STARTED) - (index + 1) * 86_400_000;
    const ended = new Date(started + each * 1000).toISOString();
    return runRecord({ started: new Date(started).toISOString(), ended });
  });

test("a record becomes exactly the metrics of the contract", async () => {
  const metrics = openMetrics();
  // The eighth and the idle day say nothing of what is usual.
  const idle = runRecord({ published: false, ended: "2024-04-04T02:01:47.000Z" });
  setRunMetrics(metrics, runRecord(), [idle, ...earlierRuns(9, 5, 7, 6, 8, 10, 4, 1000)]);
  const run = 'network="sample",recipe="daily"';
  const network = 'network="sample"';
  expect(samplesOf(await metrics.text()).sort()).toEqual(
    [
      'forklift_build_info{version="0.1.0"} 1',
      `forklift_running{${run}} 0`,
      `forklift_last_success_timestamp_seconds{${run}} 1712196017`,
      `forklift_run_end_timestamp_seconds{${run}} 1712196017`,
      `forklift_run_exit_code{${run}} 0`,
      `forklift_run_duration_seconds{${run}} 10`,
      `forklift_usual_duration_seconds{${run}} 7`,
      `forklift_stage_duration_seconds{${run},stage="copy-blocks"} 1.5`,
      `forklift_stage_rate{${run},stage="copy-blocks",unit="blocks"} 12.5`,
      `forklift_retries{${run}} 3`,
      `forklift_peak_memory_bytes{${run}} 1000000`,
      `forklift_verification_ok{${run}} 1`,
      `forklift_verification_comparisons{${run}} 900`,
      `forklift_source_height{${network}} 330`,
      `forklift_source_canonical_height{${network}} 40`,
      `forklift_source_dump_timestamp_seconds{${network}} 1712188800`,
      `forklift_source_faults{${network}} 0`,
      `forklift_set_height{${network}} 40`,
      `forklift_set_size_bytes{${network}} 5000`,
      `forklift_checkpoint_timestamp_seconds{${network}} 1712196016`,
      `forklift_exceptions_used{${network}} 2`,
      `forklift_healed_values{${network}} 0`,
      `forklift_lag_blocks{${network}} 290`,
    ].sort(),
  );
});

test("a run that failed tells its exit code, keeps the last success, and claims no lag", async () => {
  const metrics = openMetrics();
  const [success] = earlierRuns(10);
  const nothing = { source: null, set: null, lagBlocks: null, sourceFaults: 4 } as const;
  const record = failedRecord({ ...nothing, verification: { ok: false, comparisons: null } });
  setRunMetrics(metrics, record, [success!]);
  const text = await metrics.text();
  expect(text).toMatch(/forklift_run_exit_code\{.*\} 65$/m);
  expect(text).toMatch(/forklift_last_success_timestamp_seconds\{.*\} 1712109617$/m);
  expect(text).toMatch(/forklift_source_faults\{.*\} 4$/m);
  expect(text).toMatch(/forklift_verification_ok\{.*\} 0$/m);
  expect(text).not.toMatch(/^forklift_(lag_blocks|set_height|verification_comparisons)\{/m);
  // What was known before is not forgotten.
  setRunMetrics(metrics, runRecord(), []);
  setRunMetrics(metrics, record, []);
  expect(await metrics.text()).toMatch(/^forklift_lag_blocks\{.*\} 290$/m);
});

test("a run that came to nothing does not go on telling what the one before it found", async () => {
  const metrics = openMetrics();
  const found = { verification: { ok: false, comparisons: 5 }, sourceFaults: 3 } as const;
  setRunMetrics(metrics, failedRecord(found), []);
  const nothing = { verification: null, sourceFaults: null, stages: [] };
  setRunMetrics(metrics, runRecord({ ...nothing, state: "running", ended: null, exit: null }), []);
  expect(await metrics.text()).toMatch(/^forklift_verification_ok\{.*\} 0$/m);
  expect(await metrics.text()).toMatch(/^forklift_source_faults\{.*\} 3$/m);
  setRunMetrics(metrics, failedRecord(nothing), []);
  expect(await metrics.text()).not.toMatch(/^forklift_(verification|source_faults|stage)\w*\{/m);
});

test("a monitor serves metrics, health and readiness, and says no to all else", async () => {
  const stop = new AbortController();
  const shell = { log: pino({ enabled: false }), signal: stop.signal };
  const monitor = await openMonitor({ metrics: { port: 0 } }, shell);
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${monitor.port}${path}`, { method });
    return [response.status, await response.text()] as const;
  };
  expect(await get("/healthz")).toEqual([200, "ok\n"]);
  expect(await get("/readyz")).toEqual([503, "starting\n"]);
  monitor.ready();
  expect(await get("/readyz?verbose")).toEqual([200, "ready\n"]);
  expect((await get("/metrics"))[1]).toContain('forklift_build_info{version="0.1.0"} 1');
  // No URL at all, as scanners request.
  expect(await rawStatus(monitor.port!, "GET // HTTP/1.1")).toBe(404);
  expect(await get("/")).toEqual([404, "there are /metrics, /healthz, /readyz\n"]);
  expect((await get("/metrics", "POST"))[0]).toBe(405);
  stop.abort();
  expect(await get("/readyz")).toEqual([503, "stopping\n"]);
  expect((await get("/healthz"))[0]).toBe(200);
  await monitor[Symbol.asyncDispose]();
  await expect(get("/healthz")).rejects.toThrow();
});

async function rawStatus(port: number, requestLine: string): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${requestLine}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(answer.toString("latin1").split(" ")[1]);
}

test("a port that is taken costs the metrics, not the run", async () => {
  const other = createServer().listen(0);
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const warnings: string[] = [];
  const log = pino({}, { write: (line: string) => void warnings.push(line) });
  const signal = new AbortController().signal;
  await using monitor = await openMonitor({ metrics: { port } }, { log, signal });
  expect(monitor.port).toBeNull();
  expect(warnings.join()).toContain("EADDRINUSE");
  other.close();
});

test("metrics are pushed apart: those of the network, and those of its runs", async () => {
  await using gateway = await openHttpRecorder();
  const metrics = openMetrics();
  setRunMetrics(metrics, runRecord(), []);
  const target = { url: `${gateway.url}/prefix`, network: "sample", recipe: "daily" };
  expect(await pushMetrics(metrics, target, pino({ enabled: false }))).toBe(true);
  const group = "/prefix/metrics/job/forklift/network/sample";
  expect(gateway.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `POST ${group}`,
    `POST ${group}/recipe/daily`,
  ]);
  const [ofNetwork, ofRun] = gateway.received.map(({ body }) => samplesOf(body));
  expect(ofNetwork!.length).toBeGreaterThan(5);
  expect(ofNetwork!.filter((line) => line.includes("recipe="))).toEqual([]);
  expect(ofRun!.length).toBeGreaterThan(5);
  expect(ofRun!.filter((line) => !line.includes('recipe="daily"'))).toEqual([]);
});

test.each([
  ["answers with an error", [500]],
  ["cuts the connection", [0]],
])("a Pushgateway that %s is a warning", async (_what, statuses) => {
  await using gateway = await openHttpRecorder(statuses);
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const target = { url: gateway.url, network: "sample", recipe: "daily" };
  expect(await pushMetrics(openMetrics(), target, log)).toBe(false);
  expect(lines.join()).toContain("metrics were not pushed");
});
