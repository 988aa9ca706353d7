import { SourceDataError } from "@forklift/pipeline";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  decodeManifest,
  encodeManifest,
  LaterManifestError,
  type Manifest,
  manifestSchema,
} from "../src/manifest.ts";

const SHA256 = "0".repeat(64);
const STATE_HASH = "3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4";

const ofEveryVersion = {
  network: "mainnet",
  created: "2024-06-05T00:00:00.000Z",
  forkliftVersion: "0.1.0",
  anchor: { height: 2025, stateHash: STATE_HASH, vouchedBy: "operator" as const },
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
  verification: { ok: true as const, checks: [{ id: "chain-connected", compared: 2025 }] },
  exceptions: [],
  durations: { "copy-blocks": 1 },
};

const ofVersion1: Manifest = { version: 1, ...ofEveryVersion };

const manifest: Manifest = {
  version: 2,
  ...ofEveryVersion,
  inputs: [{ role: "source-dump", name: "a dump", bytes: 7, sha256: SHA256, crc32c: "AAAAAA==" }],
  history: "canonical",
  runId: "2024-06-05T00-00-00Z-final-5f2a91",
};

describe("a manifest", () => {
  test.each([1, 2])("of version %i goes through its text and back", (version) => {
    const whole = version === 1 ? ofVersion1 : manifest;
    expect(decodeManifest(encodeManifest(whole), "here")).toEqual(whole);
  });

  const changed = (change: object) => JSON.stringify({ ...manifest, ...change });
  const withRole = (...roles: string[]) =>
    changed({
      files: [...manifest.files, ...roles.map((role) => ({ ...manifest.files[0], role }))],
    });

  test.each(["report-page", "signature"])("may name a file that is a %s", (role) => {
    expect(decodeManifest(withRole(role), "here").files.at(-1)).toMatchObject({ role });
  });

  test.each([
    ["a greater version", changed({ version: 3 }), true],
    ["a key that it does not know", changed({ stars: 5 }), true],
    ["another history", changed({ history: "imagined" }), true],
    ["another kind of file", withRole("song"), true],
    ["a voucher that it does not know", changed({ anchor: { vouchedBy: "nobody" } }), false],
    ["no inputs", changed({ inputs: undefined }), false],
    ["version 1 and inputs", changed({ version: 1 }), true],
    ["two dumps", withRole("dump"), false],
    ["two files of a role that may be left out", withRole("signature", "signature"), false],
    ["a version that is none", changed({ version: "2" }), false],
  ])("with %s is one of a later forklift, or else no manifest", (_what, text, isOfLater) => {
    const decode = () => decodeManifest(text, "here");
    expect(decode).toThrow(SourceDataError);
    if (isOfLater) expect(decode).toThrow(LaterManifestError);
    else expect(decode).not.toThrow(LaterManifestError);
  });

  test.each([
    ["a cut text", encodeManifest(manifest).slice(0, -20), "is torn"],
    [
      "another version",
      encodeManifest(manifest).replace('"version": 2', '"version": 3'),
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
    ["lists without end", `{"files":${"[".repeat(400_000)}`, "nested deeper than 100 levels"],
    [
      "a deep value of an unknown key",
      encodeManifest(manifest).replace(
        '"version"',
        `"x":${"[".repeat(200)}${"]".repeat(200)},"version"`,
      ),
      "nested deeper than 100 levels",
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
