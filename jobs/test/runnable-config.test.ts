// What keeps a job from running by a configuration: every fault of it at once, each with its path, what was
// expected and a next step, and no value that may be a secret.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError } from "@forklift/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { ConfigFault } from "../src/config/config-faults.ts";
import { loadRunnableConfig } from "../src/context/runnable-config.ts";

const SOUND = {
  network: "mainnet",
  genesisLedger: "ledger.json",
  source: { dumps: "dumps/" },
  target: { store: "store/" },
  blocks: ["blocks/"],
};

describe("a configuration", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-runnable-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (changes: object, more: { settings?: string[]; env?: object } = {}) => {
    const file = path.join(folder, "forklift.yaml");
    await writeFile(file, JSON.stringify({ ...SOUND, ...changes }));
    const environment = { ...more.env } as Record<string, string>;
    return await loadRunnableConfig({ file, settings: more.settings ?? [], environment });
  };

  const refused = async (changes: object, more = {}): Promise<ConfigError> => {
    const error: unknown = await load(changes, more).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  };

  const faultsOf = async (changes: object, more = {}): Promise<readonly ConfigFault[]> =>
    ((await refused(changes, more)).details as { readonly faults: readonly ConfigFault[] }).faults;

  test.each<[string, object]>([
    ["as it is", {}],
    ["of a path with a space inside", { genesisLedger: "my ledger.json" }],
    ["of a path with @ and #", { target: { store: "/a@b/c#d/" } }],
    ["of buckets and of the web", { blocks: "gs://b/x/,https://me:pw@h:8080/x?sig=y" }],
    ["of a socket", { source: { database: "postgres://me@/db?host=/var/run/postgresql" } }],
    ["of a server by its address", { postgres: { url: "postgresql://u:p@[::1]:5433" } }],
    ["of numbers as text", { replay: { threads: "2" }, metrics: { port: "0" } }],
    ["of a server, and no embedded one", { postgres: { url: "postgres://h/", embedded: "false" } }],
    ["of a leap day", { schedule: { cron: "0 0 29 2 *" } }],
  ])("is sound %s", async (_what, changes) => {
    await expect(load(changes)).resolves.toHaveProperty("config");
  });

  const gave = "neither a path nor a URL";
  const whole = "expected a whole number";
  test.each<[string, object, string | RegExp]>([
    ["network", { network: "testworld" }, "known: devnet, mainnet"],
    ["network", { network: "" }, "is empty"],
    ["network", { network: 7 }, "expected the name of a network preset"],
    ["network", { network: "./nowhere.yaml" }, "there is no network preset"],
    ["network", { network: tmpdir() }, "is a folder, expected a file"],
    ["network", { network: { name: "x" } }, "is not a network preset"],
    ["network", { network: "https://h/mainnet.yaml" }, "expected the name of a network preset"],
    ["genesisLedger", { genesisLedger: "s3://b/x" }, "has scheme s3://, expected one of"],
    ["genesisLedger", { genesisLedger: "postgres://h/db" }, "has scheme postgres://"],
    ["genesisLedger", { genesisLedger: "" }, "is empty"],
    ["genesisLedger", { genesisLedger: null }, "expected a text, found nothing"],
    ["source.dumps", { source: { dumps: "ftp://h/d/" } }, "has scheme ftp://"],
    ["source.dumps", { source: { dumps: " gs://b/d/" } }, "begins or ends with a space"],
    ["source.dumps", { source: { dumps: "dumps/\n" } }, "begins or ends with a space"],
    ["source.dumps", { source: { dumps: "du\tmps/" } }, "control character"],
    ["source.dumps", { source: { dumps: "gs:/b" } }, "not a URL"],
    ["source.dumps", { source: { dumps: "gs://" } }, /names no server or bucket|not a URL/],
    ["source.dumps", { source: { dumps: "x ://b/d" } }, gave],
    ["source.dumps", { source: { dumps: "//u:hidden@b/d" } }, gave],
    ["source.dumps", { source: { dumps: "https://h:99999/d" } }, "not a URL"],
    ["source.dumps", { source: { dumps: "https://h:0/d" } }, "has port 0"],
    ["source", { source: { dumps: "https://h/d/" } }, "found by listing"],
    ["source", { source: { dumps: "d", database: "postgres://h/db" } }, "give one of dumps"],
    ["source", { source: { dumps: "d", blocks: true } }, "give one of dumps"],
    ["source", { source: { database: "postgres://h/db", blocks: true } }, "give one of dumps"],
    ["signatures", { signatures: "110%" }, /percent|expected/],
    ["agree", { agree: 0 }, whole],
    ["source.database", { source: { database: "mysql://h/db" } }, "not a PostgreSQL"],
    ["source.database", { source: { database: "host=h dbname=db" } }, "not a PostgreSQL"],
    ["source.database", { source: { database: "postgres://h:65536/db" } }, "not a PostgreSQL"],
    ["source.database", { source: { database: "postgres://h:0/db" } }, "has port 0"],
    ["source.database", { source: { database: "postgres://h" } }, "names no database"],
    ["source.database", { source: { database: "postgres://h/db " } }, "ends with a space"],
    ["target.store", { target: { store: "https://h/s/" } }, "a job publishes there"],
    ["target.store", { target: {} }, "is missing"],
    ["target.store", { target: { store: "file:store" } }, "not a URL"],
    [
      "target.database",
      {
        source: { database: "postgres://a:x@H/db" },
        target: { store: "s", database: "postgresql://b@h:5432/db?sslmode=require" },
      },
      "is source.database, too",
    ],
    ["blocks", { blocks: [] }, "expected at least one"],
    ["blocks.1", { blocks: ["a/", ""] }, "is empty"],
    ["blocks.1", { blocks: "a/, b/" }, "begins or ends with a space"],
    ["blocks.0", { blocks: ["https://h/a b"] }, "expected %20"],
    ["blocks", { blocks: { url: "x" } }, "expected a list"],
    ["cache.dir", { cache: { dir: "gs://b/c/" } }, "not a URL"],
    ["cache.dir", { cache: { maxBytes: 5 } }, "is missing"],
    ["cache.maxBytes", { cache: { dir: "c", maxBytes: "1e9" } }, whole],
    ["source.database", { source: { database: "postgres://h/d?foo=1" } }, "no parameter foo"],
    [
      "target.database",
      { target: { store: "s", database: "postgres://h/d?sslmode=on" } },
      "expected one of disable",
    ],
    ["postgres.url", { postgres: { url: "postgres://h/?service=x" } }, "no parameter service"],
    ["postgres.url", { postgres: { url: "h:5432" } }, "not a PostgreSQL"],
    ["postgres", { postgres: { url: "postgres://h/", embedded: true } }, "give either url"],
    ["replay.threads", { replay: { threads: true } }, whole],
    ["replay.threads", { replay: { threads: [] } }, whole],
    ["replay.threads", { replay: { threads: 0.5 } }, "found 0.5"],
    ["replay.compareBalances", { replay: { compareBalances: "yes" } }, "expected true or false"],
    ["schedule", { schedule: null }, "expected a mapping, found nothing"],
    ["schedule.cron", { schedule: { cron: "0 0 30 2 *" } }, "ever fires"],
    ["schedule.cron", { schedule: { cron: "" } }, "ever fires"],
    ["schedule.timezone", { schedule: { timezone: "" } }, "not a time zone"],
    ["schedule.waitForDumpMinutes", { schedule: { waitForDumpMinutes: -1 } }, whole],
    ["retention.last", { retention: { last: "" } }, "found an empty text"],
    ["retention.storageClass", { retention: { storageClass: "NEARLINE" } }, "CLASS:DAYS"],
    ["retention.storageClass", { retention: { storageClass: "NEARLINE:1:2" } }, "CLASS:DAYS"],
    ["metrics.port", { metrics: { port: 65_536 } }, "from 0 to 65535, found 65536"],
    ["metrics.port", { metrics: { port: "9 464" } }, "from 0 to 65535"],
    ["metrics.pushgateway", { metrics: { pushgateway: "host:9091" } }, "expected a URL with http"],
    ["notify.webhook", { notify: { webhook: "ftp://h/x" } }, "expected a URL with http"],
    ["notify.webhook", { notify: { webhook: "https:/h/x" } }, "expected a URL with http"],
    ["notify.format", { notify: { webhook: "https://h/x", format: "xml" } }, "json or slack"],
    ["log.level", { log: { level: "loud" } }, "expected debug or info or warn or error"],
    ["official.genesis", { official: { genesis: "s3://b/x" } }, "has scheme s3://"],
    ["forkGenesisConfig", { forkGenesisConfig: "s3://b/x" }, "has scheme s3://"],
  ])("is refused at %s: %j", { tags: ["only-in-all"] }, async (at, changes, says) => {
    const faults = await faultsOf(changes);
    expect(faults.map((fault) => fault.path)).toEqual([at]);
    expect(faults[0]!.message).toMatch(says);
    expect(faults[0]!.next).not.toBe("");
  });

  test.each([
    ["bloks", { bloks: [] }, "write blocks in"],
    ["source.dump", { source: { dump: "x" } }, "write source.dumps in"],
    ["dumps", { dumps: "x" }, "write source.dumps in"],
    ["retention.weekley", { retention: { weekley: 1 } }, "write retention.weekly in"],
    ["database", { database: "x" }, "write source.database or target.database in"],
    ["sausage", { sausage: 1 }, "a configuration has network, genesisLedger, source, target"],
  ])("with the unknown key %s names the one that was meant", async (at, changes, next) => {
    expect(await faultsOf(changes)).toMatchObject([
      { path: at, message: "unknown key", next: expect.stringContaining(next) as string },
    ]);
  });

  test("is told of all its faults at once, each where it came from", async () => {
    const changes = {
      network: "nowhere",
      source: { dumps: "s3://me:hidden@b/", database: "mysql://me:hidden@h/db", dmps: 1 },
      target: { database: "postgres://me:hid/den@h:99999/db" },
      notify: { webhook: "hooks/hidden" },
      retention: { last: 0 },
    };
    const more = {
      settings: ["replay.threads=many"],
      env: { FORKLIFT_METRICS_PORT: "http", FORKLIFT_TARGET_STOR: "x" },
    };
    const { message, hint } = await refused(changes, more);
    expect((await faultsOf(changes, more)).map(({ path: at }) => at).sort()).toEqual([
      "FORKLIFT_TARGET_STOR",
      "metrics.port",
      "network",
      "notify.webhook",
      "replay.threads",
      "retention.last",
      "source",
      "source.database",
      "source.dmps",
      "source.dumps",
      "target.database",
      "target.store",
    ]);
    expect(message).toContain("has 12 faults:\n");
    expect(message).not.toMatch(/hidden|hid\/den/);
    for (const at of ["forklift.yaml", "--set replay.threads", "FORKLIFT_METRICS_PORT"]) {
      expect(hint).toContain(at);
    }
  });

  test("is told of all that neither it nor its preset names", async () => {
    const preset = new URL("../../packages/network/presets/mainnet.yaml", import.meta.url);
    const network = parse(await readFile(preset, "utf8")) as {
      genesis: { ledgerUrl?: string };
      dumps?: object;
      blocks?: object;
    };
    delete network.genesis.ledgerUrl;
    delete network.dumps;
    delete network.blocks;
    const open = { genesisLedger: undefined, source: undefined, blocks: undefined };
    await expect(load(open)).resolves.toHaveProperty("config");
    expect(await faultsOf({ ...open, network })).toMatchObject([
      { path: "genesisLedger", next: "set genesisLedger in the configuration" },
      { path: "blocks", next: "set blocks in the configuration" },
      {
        path: "source",
        next: "set source.dumps, source.database or source.blocks in the configuration",
      },
    ]);
    // Beside a fault that hides none of them.
    const wrong = { ...open, network, target: { store: "http://h/" } };
    expect((await faultsOf(wrong)).map(({ path: at }) => at)).toEqual([
      ...["genesisLedger", "blocks", "source", "target.store"],
    ]);
  });
});
