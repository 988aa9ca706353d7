// A notice is one line with its cause, reaches the webhook where it can, and fails nothing; evidence
// holds what happened, and no secret.

import { secretsOfEnvironment } from "@forklift/console";
import { failedRecord, runRecord } from "@forklift/testkit";
import pino from "pino";
import { describe, expect, test } from "vitest";
import { secretsOfConfig } from "../src/config/config-secrets.ts";
import { explanations } from "../src/config/explain.ts";
import { CONFIG_KEYS, type Config, configSchema } from "../src/config/schema.ts";
import { composeEvidence } from "../src/observe/notify/evidence.ts";
import { composeNotice, encodeNotice } from "../src/observe/notify/notice.ts";
import { type NoticeOptions, sendNotice } from "../src/observe/notify/send-notice.ts";
import { openHttpRecorder } from "./http-recorder.ts";

test("the generic form is what the documentation says, with the cause on one line", () => {
  const record = failedRecord({ evidence: "gs://bucket/sample-runs/x.evidence.json" });
  const notice = composeNotice(record);
  expect(notice).toEqual({
    version: 1,
    event: "run-failed",
    network: "sample",
    recipe: "daily",
    run: record.id,
    started: record.started,
    ended: record.ended,
    exit: 65,
    mayTryAgain: false,
    cause: expect.stringMatching(/^block 7 is <wrong> & torn x+…$/),
    next: "fetch it again",
    evidence: "gs://bucket/sample-runs/x.evidence.json",
  });
  expect(notice.cause).toHaveLength(300);
  expect(JSON.parse(encodeNotice(notice, "json"))).toEqual(notice);
});

test("what is tried again anyway says so, and a crash has no exit code", () => {
  expect(composeNotice(failedRecord({ exit: 75 })).mayTryAgain).toBe(true);
  const crash = composeNotice(failedRecord({ state: "crashed", exit: null }));
  expect(crash).toMatchObject({ event: "run-crashed", exit: null, mayTryAgain: true });
});

test("the form for Slack is a text whose brackets are no links", () => {
  const { text } = JSON.parse(encodeNotice(composeNotice(failedRecord()), "slack")) as {
    text: string;
  };
  expect(text.split("\n")).toEqual([
    ":rotating_light: *forklift daily of sample failed with exit code 65*",
    expect.stringMatching(/^block 7 is &lt;wrong&gt; &amp; torn x+…$/),
    "next: fetch it again",
  ]);
});

test("an explained configuration shows where the webhook is, and not its path", () => {
  const origins = new Map(CONFIG_KEYS.map((key) => [key, "file"] as const));
  const shown = JSON.stringify(explanations({ config, origins }));
  expect(shown).toContain("https://hooks.example.org/***");
  expect(shown).not.toContain("fifth-secret");
});

describe("a webhook", () => {
  const limits = { retriesMax: 2, timeoutMs: 5_000, retryFirstMs: 1, retryLastMs: 2 };
  const send = async (webhook: string, sending?: NoticeOptions["send"]) => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const sent = await sendNotice({ webhook, format: "json" }, failedRecord(), {
      ...{ log, limits },
      ...(sending === undefined ? {} : { send: sending }),
    });
    return { sent, log: lines.join() };
  };

  test.each([
    ["that is away for a moment is asked again", [503, 0], 3, true],
    ["that is away for long fails nothing", [503, 429, 500], 3, false],
    ["that refuses is not asked again", [404], 1, false],
    ["that leads elsewhere is not followed", [302], 1, false],
  ])("%s", async (_what, statuses, attempts, isSent) => {
    await using server = await openHttpRecorder(statuses);
    const { sent, log } = await send(`${server.url}/services/T0/s3cret`);
    expect(sent).toBe(isSent);
    expect(server.received).toHaveLength(attempts);
    expect(server.received[0]).toMatchObject({ method: "POST", path: "/services/T0/s3cret" });
    expect(log.includes("nobody was told")).toBe(!isSent);
    expect(log).not.toContain("s3cret");
  });

  test("with a user in its URL is told as whom, and the log is not", async () => {
    await using server = await openHttpRecorder([404]);
    const { host } = new URL(server.url);
    const { log } = await send(`http://me:pa%2Fss%20w%C3%B6rd@${host}/services/T0/s3cret`);
    const [scheme, user] = server.received[0]!.authorization!.split(" ");
    expect(scheme).toBe("Basic");
    expect(Buffer.from(user!, "base64").toString()).toBe("me:pa/ss wörd");
    expect(log).toContain("it answered 404");
    expect(log).not.toMatch(/s3cret|pa%2Fss/);
  });

  test("is not given away by an error that quotes it", async () => {
    const webhook = "https://me:pa%2Fss@host/services/T0/s3cret";
    const { sent, log } = await send(webhook, async (url) => {
      throw new Error(`no way to ${webhook}, ${url}, pa/ss or T0/s3cret`);
    });
    expect(sent).toBe(false);
    expect(log).toContain("nobody was told: no way to ");
    expect(log).not.toMatch(/s3cret|pa%2Fss|pa\/ss/);
  });

  test("that is not there fails nothing", async () => {
    const server = await openHttpRecorder();
    await server[Symbol.asyncDispose]();
    const { sent, log } = await send(server.url);
    expect(sent).toBe(false);
    expect(log).toContain("ECONNREFUSED");
  });
});

/** In every setting that can hold one, each of its own. */
const SECRETS = {
  source: "pa/ss@wörd",
  target: "second-secret",
  store: "third-secret",
  gateway: "fourth-secret",
  webhook: "T000/B000/fifth-secret",
  environment: "sixth-secret",
  raw: "se/v?key=en th@seventh-half",
  unescaped: "ei@ghth-half",
  azure: "ninth/secret",
  amazon: "tenth-secret",
  google: "eleventh-secret",
} as const;

const parsed = configSchema.parse({
  network: "sample",
  source: {
    database: `postgres://me:${encodeURIComponent(SECRETS.source)}@127.0.0.1:1/a?sslmode=disable`,
  },
  target: {
    store: "gs://bucket/",
    database: `postgres://me@127.0.0.1:1/b?password=${SECRETS.target}`,
  },
  genesisLedger: `https://example.org/ledger.json?sp=r&sig=${encodeURIComponent(SECRETS.azure)}`,
  forkGenesisConfig: `https://example.org/fork.json?X-Amz-Signature=${SECRETS.amazon}&a=1`,
  official: { genesis: `https://example.org/genesis.json?X-Goog-Signature=${SECRETS.google}` },
  blocks: [
    `https://example.org/blocks/?token=${SECRETS.store}`,
    `https://me:${SECRETS.unescaped}@example.org/blocks/`,
  ],
  metrics: { pushgateway: `http://me:${SECRETS.gateway}@127.0.0.1:1` },
  notify: { webhook: `https://hooks.example.org/services/${SECRETS.webhook}` },
});

const config: Config = {
  ...parsed,
  // No parser takes it, and so no configuration does; what is masked does not rest on that.
  postgres: { url: `postgres://me:${SECRETS.raw}@127.0.0.1:1/postgres` },
};

test("evidence holds what happened, and none of its secrets wherever they turn up", () => {
  const everywhere = Object.values(SECRETS).flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    `password authentication failed for me with ${secret}.`,
    `https://me:${secret}@example.org/`,
  ]);
  const cause = new Error(`inner: ${everywhere.join(" ")}`);
  const text = composeEvidence({
    record: runRecord({ state: "failed", exit: 75 }),
    error: new Error(`outer: ${everywhere.join("\n")}`, { cause }),
    config,
    logEvents: [{ msg: "a line that stays" }, { deep: [{ secrets: everywhere }] }],
    databases: ["the source cannot be asked: it is away", ...everywhere],
    disk: [{ place: "work", path: "/tmp", freeBytes: 5, sizeBytes: 9 }],
    secrets: [
      ...secretsOfConfig(config),
      ...secretsOfEnvironment({ PGPASSWORD: SECRETS.environment, PATH: "/usr/bin" }),
    ],
  });
  for (const secret of Object.values(SECRETS)) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(encodeURIComponent(secret));
    // Nor a half of it, as a mask leaves it that comes first.
    expect(text).not.toContain(secret.split("@").at(-1));
  }
  const evidence = JSON.parse(text) as Record<string, object>;
  expect(evidence["run"]).toMatchObject({ state: "failed", exit: 75 });
  expect(evidence["errors"]).toMatchObject([
    { message: expect.stringContaining("outer") as string },
    { message: expect.stringContaining("inner") as string },
  ]);
  expect(evidence["config"]).toMatchObject({
    network: "sample",
    notify: { webhook: "https://hooks.example.org/***" },
  });
  expect(evidence["log"]).toContainEqual({ msg: "a line that stays" });
  expect(evidence["disk"]).toEqual([{ place: "work", path: "/tmp", freeBytes: 5, sizeBytes: 9 }]);
  expect(evidence["memory"]).toMatchObject({ peakRss: expect.any(Number) as number });
});
