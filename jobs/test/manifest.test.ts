import { SourceDataError } from "@forklift/pipeline";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestSchema,
} from "../src/sets/manifest.ts";

const SHA256 = "0".repeat(64);
const STATE_HASH = "3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4";

const manifest: Manifest = {
  version: 1,
  network: "mainnet",
  created: "2024-06-05T00:00:00.000Z",
  forkliftVersion: "0.1.0",
  anchor: { height: 2025, stateHash: STATE_HASH, vouchedBy: "operator" },
  height: 2025,
  stateHash: STATE_HASH,
  globalSlotSinceGenesis: 2900,
  preForkLedgerHash: "jxF9QxrVpjrZZ3uaC1HnirYb6pY8dUfWBEABsrXqpHC8bJsqqTv",
  berkeleyLedgerHash: "jwDdJK6LTiqe1untiZABMFBZUbRJatXQNAdHvnLaMq11xWarhYq",
  final: true,
  source: { name: "a dump", tip: { height: 2025, stateHash: STATE_HASH } },
  files: ["dump", "checkpoint", "checkpoint-meta", "report"].map((role) => ({
    role: role as Manifest["files"][number]["role"],
    name: `${role}.file`,
    bytes: 1,
    sha256: SHA256,
    crc32c: "AAAAAA==",
  })),
  digests: { blocks: SHA256 },
  rowCounts: { blocks: 2025 },
  verification: { ok: true, checks: [{ id: "chain-connected", compared: 2025 }] },
  exceptions: [],
  durations: { "copy-blocks": 1 },
};

describe("a manifest", () => {
  test("goes through its text and back", () => {
    expect(decodeManifest(encodeManifest(manifest), "here")).toEqual(manifest);
  });

  test.each([
    ["a cut text", encodeManifest(manifest).slice(0, -20), "is torn"],
    [
      "another version",
      encodeManifest(manifest).replace('"version": 1', '"version": 2'),
      "version",
    ],
    [
      "a state hash with a wrong character",
      encodeManifest(manifest).replaceAll("3NLNq", "3NLNr"),
      "stateHash",
    ],
    [
      "an unverified set",
      encodeManifest(manifest).replace('"ok": true', '"ok": false'),
      "verification.ok",
    ],
    [
      "a file name that leaves the store",
      encodeManifest(manifest).replace("dump.file", "../dump"),
      "files[0].name",
    ],
    ["an unknown key", encodeManifest(manifest).replace('"final"', '"finale"'), "finale"],
  ])("%s is refused, naming the place", (_what, text, named) => {
    expect(() => decodeManifest(text, "here")).toThrow(SourceDataError);
    expect(() => decodeManifest(text, "here")).toThrow(named);
  });

  test("has a JSON schema in the repository, for readers in other languages", async () => {
    const schema = z.toJSONSchema(manifestSchema);
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot("../manifest.schema.json");
  });
});
