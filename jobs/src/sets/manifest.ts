// The manifest of a set: what ties a dump, its checkpoint and its report together.

import {
  type BlockRef,
  FormatError,
  jsonNumber,
  parseLedgerHash,
  parseStateHash,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { z } from "zod";

export const MANIFEST_VERSION = 1;

/** A base58check text that its parser accepts; a manifest is read long after it was written. */
function checked(parser: (text: string) => string) {
  return z.string().refine((text) => {
    try {
      parser(text);
      return true;
    } catch (error) {
      if (error instanceof FormatError) return false;
      throw error;
    }
  });
}

const height = z.int().positive();
const stateHash = checked(parseStateHash);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const fileSchema = z.strictObject({
  /** The hand-over is of final sets only. */
  role: z.enum(["dump", "checkpoint", "checkpoint-meta", "report", "hand-over", "hand-over-text"]),
  name: z.string().regex(/^[^/]+$/),
  bytes: z.int().nonnegative(),
  sha256,
  crc32c: z.string(),
});

/** Who says that the anchor is the true chain. */
export const VOUCHERS = ["operator", "preset", "source"] as const;

export const manifestSchema = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  network: z.string(),
  created: z.iso.datetime(),
  forkliftVersion: z.string(),
  anchor: z.strictObject({ height, stateHash, vouchedBy: z.enum(VOUCHERS) }),
  height,
  stateHash,
  globalSlotSinceGenesis: z.int().nonnegative(),
  preForkLedgerHash: checked(parseLedgerHash),
  /** Of the same accounts under the rules of Berkeley. */
  berkeleyLedgerHash: checked(parseLedgerHash),
  final: z.boolean(),
  source: z.strictObject({
    /** The dump's name or the masked URL of the database. */
    name: z.string(),
    tip: z.strictObject({ height, stateHash }),
  }),
  files: z.array(fileSchema).min(3),
  digests: z.record(z.string(), sha256),
  rowCounts: z.record(z.string(), z.int().nonnegative()),
  verification: z.strictObject({
    ok: z.literal(true),
    checks: z.array(z.strictObject({ id: z.string(), compared: z.int().nonnegative() })),
  }),
  /** State hashes of the blocks whose ledger hash was not demanded. */
  exceptions: z.array(stateHash),
  /** Milliseconds by stage. */
  durations: z.record(z.string(), z.int().nonnegative()),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type SetFile = z.infer<typeof fileSchema>;
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

/** @throws SourceDataError when the text is not a manifest that we know how to read. */
export function decodeManifest(text: string, where: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SourceDataError(`manifest ${where} is torn: ${(cause as Error).message}`, { cause });
  }
  const result = manifestSchema.safeParse(json);
  if (result.success) return result.data;
  throw new SourceDataError(`${where} is not a manifest: ${z.prettifyError(result.error)}`);
}

/** @throws SourceDataError when the set has no such file. */
export function fileOf({ files, height: at }: Manifest, role: FileRole): SetFile {
  const file = files.find((candidate) => candidate.role === role);
  if (file === undefined) throw new SourceDataError(`the set of height ${at} has no ${role}`);
  return file;
}
