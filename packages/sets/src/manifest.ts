// The manifest of a set: the JSON file that names the set's dump, checkpoint and report.

import {
  type BlockRef,
  HISTORIES,
  type History,
  jsonNumber,
  parseJson,
  parseLedgerHash,
  parseStateHash,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { checkedText, issuesText } from "@forklift/system";
import { z } from "zod";

/** Of the manifests that are written; those of version 1 can be read as well. */
export const MANIFEST_VERSION = 2;

const height = z.int().positive();
const stateHash = checkedText(parseStateHash);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const content = { bytes: z.int().nonnegative(), sha256, crc32c: z.string() };

/** The hand-over is of final sets only. */
const FILE_ROLES = [
  "dump",
  "checkpoint",
  "checkpoint-meta",
  "report",
  "report-page",
  "hand-over",
  "hand-over-text",
  "signature",
] as const;

const fileSchema = z.strictObject({
  role: z.enum(FILE_ROLES),
  name: z.string().regex(/^[^/]+$/),
  ...content,
});

/** Only one of them would be read. */
function noRoleTwice({ value, issues }: z.core.ParsePayload<z.infer<typeof fileSchema>[]>): void {
  const roles = new Set<string>();
  for (const [at, { role }] of value.entries()) {
    if (roles.has(role)) {
      const message = `a second file of role ${role}`;
      issues.push({ code: "custom", input: role, path: [at, "role"], message });
    }
    roles.add(role);
  }
}

/** What decides a set. Whoever does not know a role cannot tell whether two sets were made from the same. */
const inputSchema = z.strictObject({
  /** `source-dump`: the dump that was restored; `settings`: what of configuration and preset decides. */
  role: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  name: z.string(),
  ...content,
});

/** Who says that the anchor is the true chain. */
export const VOUCHERS = ["operator", "preset", "source"] as const;

/** A part of what a plain yes would claim, and why the verification did not prove it. */
export const notProvenSchema = z.strictObject({
  claim: z.string(),
  why: z.string(),
  /** `table.column`; empty where the claim is about no column. */
  columns: z.array(z.string()),
});

/** What settles a column: a hash of the chain, the signatures of its commands, so many sources that agree, or the word of one. */
export const restsOnSchema = z.record(
  z.string(),
  z.union([
    z.enum(["chain", "signature", "one file", "one archive"]),
    z.templateLiteral([z.int(), " sources agree"]),
  ]),
);

/** What a set holds beside its chain, as its verification found it. */
export const besideSchema = z.strictObject({
  orphaned: z.int().nonnegative(),
  pending: z.int().nonnegative(),
  /** Blocks of the source beside the chain that the set lacks; absent where no source was at hand. */
  missing: z.int().nonnegative().optional(),
  /** The first of them. */
  missingBlocks: z.array(z.strictObject({ height, stateHash: z.string() })).optional(),
});

const ofEveryVersion = {
  network: z.string(),
  created: z.iso.datetime(),
  forkliftVersion: z.string(),
  anchor: z.strictObject({ height, stateHash, vouchedBy: z.enum(VOUCHERS) }),
  height,
  stateHash,
  globalSlotSinceGenesis: z.int().nonnegative(),
  preForkLedgerHash: checkedText(parseLedgerHash),
  /** Of the same accounts under the rules of Berkeley. */
  berkeleyLedgerHash: checkedText(parseLedgerHash),
  final: z.boolean(),
  source: z.strictObject({
    /** The dump's name or the masked URL of the database. */
    name: z.string(),
    tip: z.strictObject({ height, stateHash }),
  }),
  files: z.array(fileSchema).min(3).check(noRoleTwice),
  digests: z.record(z.string(), sha256),
  rowCounts: z.record(z.string(), z.int().nonnegative()),
  verification: z.strictObject({
    ok: z.literal(true),
    /** Absent in the sets of forklift 0.1.0, as is what was not proven. */
    answer: z.enum(["yes", "yes, except"]).optional(),
    notProven: z.array(notProvenSchema).optional(),
    /** By column; those that are not named rest on the chain. Absent in sets of before it was told. */
    restsOn: restsOnSchema.optional(),
    checks: z.array(z.strictObject({ id: z.string(), compared: z.int().nonnegative() })),
  }),
  /** State hashes of the blocks whose ledger hash was not demanded. */
  exceptions: z.array(stateHash),
  /** Milliseconds by stage. */
  durations: z.record(z.string(), z.int().nonnegative()),
};

export const manifestSchema = z.discriminatedUnion("version", [
  z.strictObject({ version: z.literal(1), ...ofEveryVersion }),
  z.strictObject({
    version: z.literal(MANIFEST_VERSION),
    ...ofEveryVersion,
    inputs: z.array(inputSchema),
    /** Which blocks of the source the set holds. */
    history: z.enum(HISTORIES),
    /** How complete that is; absent where only the chain is kept. */
    beside: besideSchema.optional(),
    /** Values that the source lacked or had otherwise, and that block files gave; absent where there were none. */
    healed: z.int().positive().optional(),
    /** The id of the record of the run that made it. */
    runId: z.string(),
  }),
]);

export type Manifest = z.infer<typeof manifestSchema>;
export type SetFile = z.infer<typeof fileSchema>;
export type SetInput = z.infer<typeof inputSchema>;
export type FileRole = SetFile["role"];

export function manifestName(network: string, tip: BlockRef): string {
  return `${network}-set-${jsonNumber(tip.height)}-${tip.stateHash}.json`;
}

/** The block in a manifest's name; null for any other name. */
export function parseManifestName(network: string, name: string): BlockRef | null {
  const prefix = `${network}-set-`;
  if (!name.startsWith(prefix)) return null;
  const match = /^([1-9][0-9]{0,9})-(3N[1-9A-HJ-NP-Za-km-z]+)\.json$/.exec(
    name.slice(prefix.length),
  );
  if (match === null) return null;
  return { height: BigInt(match[1]!), stateHash: parseStateHash(match[2]!) };
}

export function encodeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`;
}

/** Whole, but in words that this forklift does not know: only a later one can say what its set consists of. */
export class LaterManifestError extends SourceDataError {}

const TORN_HINT =
  "take another set, which forklift store ls shows; forklift store prune --leftovers removes this one";

/** @throws SourceDataError when the text is not a manifest that we know how to read. */
export function decodeManifest(text: string, where: string): Manifest {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw new SourceDataError(`manifest ${where} is torn: ${(cause as Error).message}`, {
      cause,
      hint: TORN_HINT,
    });
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  const faults = issuesText(result.error);
  if (isOfLater(json, result.error)) {
    throw new LaterManifestError(`${where} was written by a later forklift: ${faults}`, {
      hint: "use the forklift that wrote it, or a later one, or give another store",
    });
  }
  throw new SourceDataError(`${where} is not a manifest: ${faults}`, { hint: TORN_HINT });
}

/** Of a greater version, or with keys and words that were added since, and nothing else to refuse. */
function isOfLater(json: unknown, { issues }: z.ZodError): boolean {
  const { data } = z.object({ version: z.int() }).safeParse(json);
  if (data === undefined) return false;
  return data.version > MANIFEST_VERSION || issues.every(isAddition);
}

/** Another history, another kind of file: not for us to read, but whole. */
function isAddition({ code, path }: z.core.$ZodIssue): boolean {
  const isWord = path[0] === "history" || (path[0] === "files" && path.at(-1) === "role");
  return code === "unrecognized_keys" || (code === "invalid_value" && isWord);
}

/** @throws SourceDataError when the set has no such file. */
export function fileOf({ files, height: at }: Manifest, role: FileRole): SetFile {
  const file = files.find((candidate) => candidate.role === role);
  if (file !== undefined) return file;
  throw new SourceDataError(`the set of height ${at} has no ${role}`, { hint: TORN_HINT });
}

/** Which blocks a set holds; those of the first version held the chain alone. */
export function historyOfSet(manifest: Manifest): History {
  return manifest.version === 1 ? "canonical" : manifest.history;
}

/**
 * The size of a set in bytes, wherever it is told: of all files that its manifest names. The manifest itself
 * does not count, for it cannot tell its own size.
 */
export function setBytes({ files }: Pick<Manifest, "files">): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
