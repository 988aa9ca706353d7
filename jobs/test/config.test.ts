import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { secretsOfEnvironment } from "@forklift/console";
import { loadNetwork } from "@forklift/network";
import { ConfigError, UsageError } from "@forklift/pipeline";
import { REPLAY_DEFAULTS } from "@forklift/replayer";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { explanations, explanationTable } from "../src/config/explain.ts";
import { getAt, loadConfig } from "../src/config/load-config.ts";
import { CONFIG_KEYS, environmentName } from "../src/config/schema.ts";

const WHOLE = `
network: mainnet
source: { dumps: ./dumps/ }
target: { store: "file:///store/" }
blocks: [../blocks.tar.gz, "https://example.org/blocks/"]
postgres: { url: "postgres://me:secret@host/db" }
replay: { checkpointIntervalBlocks: 100 }
`;

describe("loadConfig", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-config-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (
    text: string,
    settings: readonly string[] = [],
    environment: Record<string, string> = {},
  ) => {
    const file = path.join(folder, "forklift.yaml");
    await writeFile(file, text);
    return await loadConfig({ file, settings, environment });
  };

  test("a flag wins over the environment, that over the file, that over the default", async () => {
    const key = "replay.checkpointIntervalBlocks";
    const variable = { FORKLIFT_REPLAY_CHECKPOINT_INTERVAL_BLOCKS: "200" };
    const seen = async (settings: string[], environment: Record<string, string>, text = WHOLE) => {
      const { config, origins } = await load(text, settings, environment);
      return [getAt(config, key), origins.get(key)];
    };
    expect(await seen([`${key}=300`], variable)).toEqual([300, "flag"]);
    expect(await seen([], variable)).toEqual([200, "environment"]);
    expect(await seen([], {})).toEqual([100, "file"]);
    expect(await seen([], {}, WHOLE.replace(/replay.*/, ""))).toEqual([
      REPLAY_DEFAULTS.checkpointIntervalBlocks,
      "default",
    ]);
  });

  test("every key can come from the environment, also where the file has no such branch", async () => {
    expect(environmentName("source.dumps")).toBe("FORKLIFT_SOURCE_DUMPS");
    const { config } = await load("network: mainnet", [], {
      FORKLIFT_SOURCE_DATABASE: "postgres://host/db",
      FORKLIFT_TARGET_STORE: "file:///store/",
      FORKLIFT_BLOCKS: "file:///a/,file:///b/",
      FORKLIFT_POSTGRES_EMBEDDED: "true",
    });
    expect(config).toMatchObject({
      source: { database: "postgres://host/db" },
      blocks: ["file:///a/", "file:///b/"],
      postgres: { embedded: true },
    });
  });

  test("a variable that is no setting is refused, naming the one that was meant", async () => {
    const loading = load(WHOLE, [], { FORKLIFT_TARGET_STOR: "./x" });
    await expect(loading).rejects.toThrow(ConfigError);
    await expect(loading).rejects.toThrow("FORKLIFT_TARGET_STOR: ");
    await expect(loading).rejects.toHaveProperty(
      "hint",
      expect.stringContaining("the nearest is FORKLIFT_TARGET_STORE;"),
    );
  });

  test("variables of the tests, of other parts and of Kubernetes are left alone", async () => {
    await load(WHOLE, [], {
      FORKLIFT_SHARED: "/shared",
      FORKLIFT_TEST_SERVER: "postgres://host/postgres",
      FORKLIFT_GCS_ANONYMOUS: "1",
      FORKLIFT_PORT: "tcp://10.0.0.7:9464",
      FORKLIFT_PORT_9464_TCP_ADDR: "10.0.0.7",
      FORKLIFT_SERVICE_HOST: "10.0.0.7",
      FORKLIFT_SERVICE_PORT_METRICS: "9464",
    });
  });

  test("retention can come from the environment, rule by rule", async () => {
    const { config } = await load(WHOLE, [], {
      FORKLIFT_RETENTION_LAST: "7",
      FORKLIFT_RETENTION_STORAGE_CLASS: "NEARLINE:30,ARCHIVE:365",
    });
    expect(config.retention).toEqual({ last: 7, storageClass: { NEARLINE: 30, ARCHIVE: 365 } });
  });

  test("paths are meant from the place of the file", async () => {
    const { config } = await load(WHOLE);
    expect(config.source.dumps).toBe(pathToFileURL(`${folder}/dumps/`).href);
    expect(config.blocks?.[0]).toBe(pathToFileURL(path.join(folder, "../blocks.tar.gz")).href);
  });

  test("paths need no ./ before them, and are no URL where only a path will do", async () => {
    const { config } = await load(`
      network: networks/mine.yaml
      genesisLedger: genesis-ledger.json
      source: { dumps: dumps/ }
      target: { store: store }
      blocks: blocks,gs://bucket/blocks/,/blocks.tar
      cache: { dir: ./cache }
      official: { genesis: official.json }
    `);
    const url = (name: string) => pathToFileURL(path.join(folder, name)).href;
    expect(config).toMatchObject({
      network: path.join(folder, "networks/mine.yaml"),
      genesisLedger: url("genesis-ledger.json"),
      source: { dumps: url("dumps/") },
      target: { store: url("store") },
      blocks: [url("blocks"), "gs://bucket/blocks/", "/blocks.tar"],
      cache: { dir: path.join(folder, "cache") },
      official: { genesis: url("official.json") },
    });
  });

  test("those of a preset that is written out are, too", async () => {
    const network =
      '{ name: mine, dumps: { url: dumps/ }, genesis: { ledgerUrl: "./ledger.json" } }';
    const { config } = await load(WHOLE.replace("mainnet", network));
    expect(config.network).toMatchObject({
      dumps: { url: pathToFileURL(`${folder}/dumps/`).href },
      genesis: { ledgerUrl: pathToFileURL(`${folder}/ledger.json`).href },
    });
  });

  test.each([
    ["a misspelt key", WHOLE.replace("blocks:", "bloks:"), "bloks"],
    [
      "a key of a wrong type",
      WHOLE.replace("checkpointIntervalBlocks: 100", "checkpointIntervalBlocks: often"),
      "replay.checkpointIntervalBlocks",
    ],
    [
      "a number that makes no sense",
      WHOLE.replace("Blocks: 100", "Blocks: 0"),
      "replay.checkpointIntervalBlocks",
    ],
    [
      "two sources",
      WHOLE.replace("dumps: ./dumps/", 'dumps: ./dumps/, database: "postgres://x/y"'),
      "give one of dumps",
    ],
    ["a rule that keeps nothing", `${WHOLE}retention: { last: 0 }`, "retention.last"],
    [
      "a storage class that is none",
      `${WHOLE}retention: { storageClass: "ICE:3" }`,
      "retention.storageClass",
    ],
    ["a place that is no time zone", `${WHOLE}schedule: { timezone: Mars/Base }`, "time zone"],
    ["a schedule that is none", `${WHOLE}schedule: { cron: "0 0 31" }`, "schedule.cron"],
    ["a trusted hash that is none", `${WHOLE}trustedStateHash: 3Nx`, "trustedStateHash"],
    ["a scheme without slashes", WHOLE.replace("./dumps/", "gs:/dumps/"), "source.dumps"],
    ["a mistyped one in a list", WHOLE.replace("https://", "https:/"), "blocks"],
    ["no YAML", "network: [mainnet", "cannot read"],
    ["a list", "- mainnet", "not a YAML mapping"],
  ])("%s is refused, naming it", async (_what, text, named) => {
    const loading = load(text);
    await expect(loading).rejects.toThrow(ConfigError);
    await expect(loading).rejects.toThrow(named);
  });

  test.each([
    [
      "an unclosed quote",
      'notify:\n  webhook: "https://host/secret',
      /MISSING_CHAR at line 2, col/,
    ],
    [
      "a mapping in a line",
      "postgres: url: //me:secret@host/db",
      /: [A-Z_]+ at line 1, column 11$/,
    ],
    ["an unknown tag", "postgres:\n  url: !secret x", /TAG_RESOLVE_FAILED at line 2, column 8$/],
    ["an alias of nothing", "postgres: { url: *secret }", "an alias in it leads nowhere"],
  ])("%s is told by its place, and no line is quoted", async (_what, text, told) => {
    const warned = vi.spyOn(process, "emitWarning");
    const error = await load(text).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toHaveProperty("message", expect.stringMatching(told));
    expect(inspect(error)).not.toContain("secret");
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test("--set with an unknown key is wrong usage, and lists the known ones", async () => {
    const loading = load(WHOLE, ["target.shop=x"]);
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toHaveProperty("hint", expect.stringContaining("target.store"));
  });

  test("the explanation shows every key, and no password", async () => {
    const loaded = await load(WHOLE);
    expect(explanations(loaded).map(({ key }) => key)).toEqual([...CONFIG_KEYS]);
    const text = explanationTable(explanations(loaded));
    expect(text).not.toContain("secret");
    expect(text).toContain("postgres://me:***@host/db");
    const raw = await load(WHOLE.replace("me:secret@", "me:se cr@t/1?2@")).catch(String);
    expect(raw).toMatch(
      /postgres\.url: not a PostgreSQL connection URL: postgres:\/\/me:\*\*\*@host\/db;/,
    );
    expect(text).toMatch(/^log\.level +info +default +FORKLIFT_LOG_LEVEL$/m);
  });

  test("the explanation shows what holds where nothing is set, and from where it is", async () => {
    const text = "network: mainnet\nsource: { database: 'postgres://h/db' }\ntarget: { store: s }";
    const loaded = await load(text, ["log.level=warn"], { FORKLIFT_REPLAY_THREADS: "3" });
    const network = await loadNetwork("mainnet");
    const explained = explanations(loaded, network);
    const told = (key: string) => {
      const { value, from, otherwise } = explained.find((one) => one.key === key)!;
      return [value, from, otherwise];
    };
    expect(told("genesisLedger")).toEqual([network.genesis.ledgerUrl, "preset", null]);
    expect(told("blocks")).toEqual([[network.blocks.url], "preset", null]);
    expect(told("trustedStateHash")).toEqual([network.lastPreForkBlock!.stateHash, "preset", null]);
    expect(told("source.dumps")).toEqual([null, "default", expect.stringContaining("preset's")]);
    expect(told("schedule.timezone")).toEqual(["UTC", "default", null]);
    expect(told("replay.threads")).toEqual([3, "environment", null]);
    expect(told("log.level")).toEqual(["warn", "flag", null]);
    expect(told("target.database")).toEqual([null, "default", "a database of the run's own"]);
    for (const { value, otherwise } of explained) expect(value ?? otherwise).not.toBeNull();
    expect(explanations(await load(text)).find(({ key }) => key === "replay.threads")?.value).toBe(
      availableParallelism(),
    );
  });

  test("the explanation keeps words that a password is as well", async () => {
    const loaded = await load(WHOLE, [
      "network=mainnet",
      "source.dumps=gs://mainnet/",
      "target.database=postgres://postgres:mainnet@h/d",
    ]);
    const shown = explanationTable(explanations(loaded));
    expect(shown).toMatch(/^network +mainnet /m);
    expect(shown).toContain("postgres://postgres:***@h/d ");
  });

  test.each([
    ["blocks", "/a/u:hidden-pw@h/x"],
    ["genesisLedger", "https://h/l.json?sig=hidden-pw"],
    ["postgres.url", "postgres://h/?password=hidden-pw"],
    ["network", "./hidden-pw/n.yaml"],
  ])("the explanation shows no secret of %s, nor one of a variable: %s", async (key, value) => {
    const loaded = await load(WHOLE, [`${key}=${value}`]);
    const env = secretsOfEnvironment({ PGPASSWORD: "hidden-pw" });
    expect(JSON.stringify(explanations(loaded, null, env))).not.toContain("hidden-pw");
    if (key === "network") return;
    expect(explanationTable(explanations(loaded))).not.toContain("hidden-pw");
  });
});
