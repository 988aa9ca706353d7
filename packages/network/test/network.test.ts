import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigError, ForkliftError, SourceDataError } from "@forklift/pipeline";
import { isMainnetDataMissing, mainnetUrl, sharedPath } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  type DeriveOptions,
  decodePreset,
  derivedGenesisNote,
  derivePreset,
  loadGenesisLedger,
  loadNetwork,
  networkOfGenesis,
  parsePreset,
} from "../src/index.ts";

const sharedUrl = (file: string) => pathToFileURL(sharedPath(file)).href;

const PRESET = new URL("../presets/mainnet.yaml", import.meta.url);

describe("the mainnet preset", () => {
  test("loads by name and by path, and its genesis state hashes to what it says", async () => {
    const network = await loadNetwork("mainnet");
    expect(network.genesis.protocolState.body.consensusState.minWindowDensity).toBe(77n);
    expect(network.lastPreForkBlock).toMatchObject({
      ...{ height: 359_604n, globalSlotSinceGenesis: 564_177n },
    });
    expect(network.final.minConfirmations).toBe(20);
    expect(network.ledgerHashExceptions.size).toBe(33);
    expect(network.dumps).toEqual({
      url: "gs://mina-archive-dumps/",
      prefix: "mainnet-archive-dump",
    });
    expect(network.blocks).toEqual({ url: "gs://mina_network_block_data/", faults: [] });
    expect(network.forkGenesis?.globalSlotSinceGenesis).toBe(564_480n);
    const byPath = await loadNetwork(fileURLToPath(PRESET));
    expect(byPath).toEqual(network);
  });

  test("is found by its genesis block", async () => {
    const { genesis } = await loadNetwork("mainnet");
    expect((await networkOfGenesis(genesis.stateHash)).name).toBe("mainnet");
  });

  test.skipIf(isMainnetDataMissing())("lists the known exceptions, and only them", async () => {
    const file = sharedPath("facts/known-ledger-hash-exceptions.txt");
    const known = (await readFile(file, "utf8")).trim().split(/\s+/);
    const { ledgerHashExceptions } = await loadNetwork("mainnet");
    expect([...ledgerHashExceptions.keys()].sort()).toEqual(known.sort());
  });

  test.each([
    [
      "a changed leaf of the genesis state",
      /min_window_density: "77"/,
      'min_window_density: "76"',
      "hashes to 3N",
    ],
    ["a misspelt key", /lastPreForkBlock:/, "lastPreforkBlock:", "lastPreforkBlock"],
    ["a state hash that is none", /stateHash: 3NKe/, "stateHash: 3NKf", "genesis.stateHash"],
    ["a missing key of the state", / {6}genesis_state_hash: .*\n/, "", "genesis_state_hash"],
    [
      "another ledger hash",
      /ledgerHash: jx7/,
      "ledgerHash: jwX3YJhLR5F3eByADvfurX5u7DT7Utiv54uixYts6HLrR6CETug #",
      "expected jwX3",
    ],
    ["a place that is none", /url: gs:/, "url: s3:", "dumps.url"],
    ["no YAML", /name: mainnet/, "name: [mainnet", "is not YAML"],
  ])("%s is refused, naming it", async (_what, pattern, replacement, sentence) => {
    const text = (await readFile(PRESET, "utf8")).replace(pattern, replacement);
    expect(() => parsePreset(text, "the preset")).toThrow(ConfigError);
    expect(() => parsePreset(text, "the preset")).toThrow(sentence);
  });
});

describe("the devnet preset", () => {
  test("loads, says that its genesis is derived, and has its places and their faults", async () => {
    const network = await loadNetwork("devnet");
    expect(network).toMatchObject({
      name: "devnet",
      genesis: {
        isDerived: true,
        stateHash: "3NLatMgZHkVsjqppRAB2jBySpcXwV9eZzUNkJ5g18V1TLUAqRrdT",
      },
      dumps: { url: "gs://mina-archive-dumps/", prefix: "devnet-archive-dump" },
      blocks: { url: "gs://mina_network_block_data/", faults: [{ first: 2n, last: 1582n }] },
      lastPreForkBlock: { height: 296_371n },
      forkGenesis: { globalSlotSinceGenesis: 445_860n },
    });
    expect(derivedGenesisNote(network, false)).toMatch(/3NLatMg\w+, is derived .* or refuses it$/);
    expect(derivedGenesisNote(network, true)).toMatch(/ which confirms it$/);
    expect(derivedGenesisNote(await loadNetwork("mainnet"), false)).toBeNull();
  });

  test("is refused when something of its genesis is empty", async () => {
    const devnet = parse(await readFile(new URL("devnet.yaml", PRESET), "utf8"));
    const genesis = { ...devnet.genesis, stateHash: null, winner: null };
    const decode = () => decodePreset({ ...devnet, genesis }, "mine");
    expect(decode).toThrow("no public source establishes genesis.stateHash, genesis.winner");
  });
});

test("a network signs by mainnet's rules if that is its name, or if its preset says so", async () => {
  const mainnet = parse(await readFile(PRESET, "utf8"));
  const kindOf = (parts: object) => decodePreset({ ...mainnet, ...parts }, "mine").signatureKind;
  expect(kindOf({})).toBe("mainnet");
  expect(kindOf({ name: "shadow" })).toBe("testnet");
  expect(kindOf({ name: "shadow", signatureKind: "mainnet" })).toBe("mainnet");
  expect(kindOf({ signatureKind: "testnet" })).toBe("testnet");
  expect(() => kindOf({ signatureKind: "devnet" })).toThrow("signatureKind");
  expect((await loadNetwork("devnet")).signatureKind).toBe("testnet");
});

describe.skipIf(isMainnetDataMissing())("a derived preset", () => {
  test.each([
    ["mainnet", "data/mainnet/genesis-ledger.json"],
    ["devnet", "data/devnet/genesis-ledger-2.0.0.json"],
  ])("of %s has the genesis state of the preset that comes with forklift", async (name, file) => {
    const genesisLedger = pathToFileURL(sharedPath(file)).href;
    const forkConfig = sharedUrl(`data/mainnet/fork-config/${name}-3.0.3.json`);
    const { text, network } = await derivePreset({ name, genesisLedger, forkConfig });
    const known = await loadNetwork(name);
    expect(network.genesis).toEqual({ ...known.genesis, isDerived: true, ledgerUrl: null });
    expect(known.lastPreForkBlock).toMatchObject(network.lastPreForkBlock!);
    expect(parsePreset(text, "the text")).toEqual(network);
  });

  test("signs as it is said to", async () => {
    const genesisLedger = sharedUrl("data/mainnet/genesis-ledger.json");
    const options = { name: "shadow", genesisLedger, signatureKind: "mainnet" } as const;
    const { text, network } = await derivePreset(options);
    expect(
      [network, parsePreset(text, "the text")].map(({ signatureKind }) => signatureKind),
    ).toEqual(["mainnet", "mainnet"]);
  });

  test.each<[string, string, Partial<DeriveOptions>, string]>([
    [
      "a fork configuration",
      "data/mainnet/fork-config/devnet-3.0.3.json",
      {},
      "fork configuration",
    ],
    ["a date without a zone", "cases/ledgers/bom.json", { genesisTimestamp: "2021-09-24" }, "zone"],
    ["no date", "cases/ledgers/nowinner.json", {}, "--genesis-timestamp is not given"],
    ["a name that no file has", "cases/ledgers/bom.json", { name: "De v" }, "lower-case letters"],
    [
      "a fork configuration that is none",
      "cases/ledgers/bom.json",
      { forkConfig: sharedUrl("cases/ledgers/named.json") },
      "expected a configuration with proof.fork",
    ],
  ])("is not made of %s", async (_what, file, options, says) => {
    const derive = derivePreset({ name: "x", genesisLedger: sharedUrl(file), ...options });
    await expect(derive).rejects.toBeInstanceOf(ForkliftError);
    await expect(derive).rejects.toThrow(says);
    await expect(derive).rejects.toHaveProperty("hint", expect.any(String));
  });
});

test("an unknown network is refused with the names of the known ones", async () => {
  await expect(loadNetwork("moonnet")).rejects.toThrow(
    "no network preset moonnet; known: devnet, mainnet",
  );
  await expect(networkOfGenesis("3N…")).rejects.toThrow(ConfigError);
});

describe.skipIf(isMainnetDataMissing())("loadGenesisLedger", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-genesis-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (content: string | Buffer) => {
    const file = path.join(folder, "altered.json");
    await writeFile(file, content);
    return loadGenesisLedger(await loadNetwork("mainnet"), pathToFileURL(file).href);
  };
  const altered = async (pattern: RegExp, replacement: string) => {
    const text = await readFile(sharedPath("data/mainnet/genesis-ledger.json"), "utf8");
    return await load(text.replace(pattern, replacement));
  };

  test("believes mainnet's ledger: 1,676 accounts, the winner first", async () => {
    const network = await loadNetwork("mainnet");
    const ledger = await loadGenesisLedger(network, mainnetUrl("genesis-ledger.json"));
    expect(ledger.accounts).toHaveLength(1676);
    expect(ledger.accounts[0]).toEqual(network.genesis.winner);
    expect(ledger.ledgerHash).toBe(network.genesis.ledgerHash);
  });

  test("refuses a ledger in which one balance differs, naming both hashes", async () => {
    const load = altered(/"balance":"372093"/, '"balance":"372094"');
    await expect(load).rejects.toThrow(ConfigError);
    await expect(load).rejects.toThrow(
      /has ledger hash j\w+, but the genesis block .* has jx7buQVW/,
    );
  });

  test("refuses a file that is cut, naming it", async () => {
    await expect(altered(/"balance":"230400"[\s\S]*/, "")).rejects.toThrow("not JSON");
  });

  test("tells the genesis ledger of another known network by its name", async () => {
    const load = loadGenesisLedger(await loadNetwork("devnet"), mainnetUrl("genesis-ledger.json"));
    await expect(load).rejects.toThrow(": it is the genesis ledger of mainnet");
  });

  test("tells a ledger without its winner from one of other accounts", async () => {
    const load = altered(/"accounts":/, '"add_genesis_winner":false,"accounts":');
    await expect(load).rejects.toThrow("it is that ledger without the genesis winner B62qiy32");
    await expect(load).rejects.toHaveProperty("hint", expect.stringContaining("take add_genesis"));
  });

  test("reads a ledger with a byte order mark", async () => {
    const text = await readFile(sharedPath("data/mainnet/genesis-ledger.json"), "utf8");
    const { ledgerHash } = await load(`\ufeff${text}`);
    expect(ledgerHash).toMatch(/^jx7buQVW/);
  });

  const BERKELEY = "mainnet-359606-3NK7T1MeiFA4ALVxqZLuGrWr1PeufYQAm9i1TfMnN9Cu6U5crhot.json";

  test.each([
    ["cases/ledgers/bare-accounts.json", "it is a bare list of accounts", "jq '{ledger"],
    [
      "cases/ledgers/hash-only.json",
      "that names its ledger by hash alone, jx3Y",
      "ledger.accounts",
    ],
    ["cases/ledgers/named.json", "that names its ledger mainnet and lists no account", "NAME.json"],
    ["data/mainnet/fork-config/devnet-3.0.3.json", "a fork configuration, of the chain", "before"],
    [`data/berkeley/${BERKELEY}`, "a block of after the hard fork, at height 359606", "ledger of"],
    [
      "data/mainnet/dumps/mainnet-archive-dump-2021-03-20_0000.sql.tar.gz",
      "packed with gzip, a tar",
      "",
    ],
    ["data/berkeley/local-network-3.0.0-54-blocks.sql.gz", "packed with gzip, SQL", "restore"],
  ])("says what %s is, and what to give instead", async (file, says, next) => {
    const load = loadGenesisLedger(await loadNetwork("mainnet"), sharedUrl(file));
    await expect(load).rejects.toBeInstanceOf(SourceDataError);
    await expect(load).rejects.toThrow(says);
    await expect(load).rejects.toHaveProperty("hint", expect.stringContaining(next));
  });

  const account = { pk: "B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg", balance: "1" };

  test.each([
    ["nothing", "", "it is empty"],
    ["spaces", " \n ", "it is empty"],
    ["a text", '"hello"', "it is a JSON text"],
    ["null", "null", "it is the JSON value null"],
    ["a page", "<!DOCTYPE html><html>", "it is an HTML or XML page"],
    ["YAML", "name: mainnet", "not JSON"],
    ["zstd", Buffer.from("28b52ffd00", "hex"), "it is packed with zstd"],
    ["UTF-16", Buffer.from("\ufeff{}", "utf16le"), "it is a text in UTF-16"],
    ["a custom dump", "PGDMP\u0001", "a dump of a database in pg_dump's custom format"],
    ["a meta file", '{"checkpoint_sha256":"","version":2}', "the meta file of a checkpoint"],
    ["a checkpoint", checkpointOf("5"), "it is a checkpoint that begins at slot 5"],
    [
      "a tagged checkpoint",
      checkpointOf(["Since_genesis", "5"]),
      "a checkpoint that begins at slot 5",
    ],
    [
      "a replayer's output",
      JSON.stringify({
        target_fork_state_hash: "3Nx",
        target_genesis_ledger: { accounts: [account] },
      }),
      "it is a replayer's output, the ledger after block 3Nx",
    ],
    ["brackets without end", "[".repeat(400_000), "it is a list"],
    ["braces without end", '{"a":'.repeat(100_000), "nested deeper than 100 levels"],
  ])("says that it was given %s", async (_what, content, says) => {
    const reading = load(content);
    await expect(reading).rejects.toBeInstanceOf(ForkliftError);
    await expect(reading).rejects.toThrow(new RegExp(says));
    await expect(reading).rejects.toHaveProperty("hint", expect.any(String));
  });

  function checkpointOf(start: unknown): string {
    return JSON.stringify({
      start_slot_since_genesis: start,
      genesis_ledger: { accounts: [account] },
    });
  }
});
