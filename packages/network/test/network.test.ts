import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { isMainnetDataMissing, mainnetUrl, sharedPath } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  decodePreset,
  loadGenesisLedger,
  loadNetwork,
  networkOfGenesis,
  parsePreset,
} from "../src/index.ts";

const PRESET = new URL("../presets/mainnet.yaml", import.meta.url);

describe("the mainnet preset", () => {
  test("loads by name and by path, and its genesis state hashes to what it says", async () => {
    const network = await loadNetwork("mainnet");
    expect(network.genesis.protocolState.body.consensusState.minWindowDensity).toBe(77n);
    expect(network.lastPreForkBlock?.height).toBe(359_604n);
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
  test("is refused, naming what no public source establishes", async () => {
    const load = loadNetwork("devnet");
    await expect(load).rejects.toThrow(ConfigError);
    await expect(load).rejects.toThrow(
      "network preset devnet is not complete: no public source establishes genesis.stateHash, " +
        "genesis.winner, genesis.protocolState of devnet",
    );
    await expect(load).rejects.toHaveProperty("hint", expect.stringContaining("copy the preset"));
  });

  test("loads when somebody fills it in, with its places and their faults", async () => {
    const [mainnet, devnet] = await Promise.all(
      [PRESET, new URL("devnet.yaml", PRESET)].map(async (file) =>
        parse(await readFile(file, "utf8")),
      ),
    );
    const { ledgerUrl } = devnet.genesis;
    const network = decodePreset({ ...devnet, genesis: { ...mainnet.genesis, ledgerUrl } }, "mine");
    expect(network).toMatchObject({
      name: "devnet",
      dumps: { url: "gs://mina-archive-dumps/", prefix: "devnet-archive-dump" },
      blocks: { url: "gs://mina_network_block_data/", faults: [{ first: 2n, last: 1582n }] },
      lastPreForkBlock: null,
      forkGenesis: null,
    });
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

  const altered = async (pattern: RegExp, replacement: string) => {
    const text = await readFile(sharedPath("data/mainnet/genesis-ledger.json"), "utf8");
    const file = path.join(folder, "altered.json");
    await writeFile(file, text.replace(pattern, replacement));
    return loadGenesisLedger(await loadNetwork("mainnet"), pathToFileURL(file).href);
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
    await expect(altered(/"balance":"230400"[\s\S]*/, "")).rejects.toThrow("is not JSON");
  });
});
