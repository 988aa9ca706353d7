// The mark of the verification: the height to which an earlier run has proven the target, and the
// sums that show that it is unchanged.

import { isDeepStrictEqual } from "node:util";
import { progressMarks, readLedgerHash, saveProgressMark } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type Manifest, restsOnSchema } from "@forklift/sets";
import { defined } from "@forklift/system";
import {
  BLOCK_TABLES,
  digestTables,
  FILLED_TABLES,
  type ProvenPart,
  readUnsettled,
  readVersions,
  type TableVersions,
} from "@forklift/verifier";
import { z } from "zod";
import type { JobContext } from "../context/job-context.ts";
import { versionSchema, versionsSchema } from "../work/table-versions.ts";

/** The id of the verifying stage, under which the mark is kept. */
export const VERIFY_STAGE = "verify-target";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const cursorSchema = z.strictObject({
  height: z.string().regex(/^\d{1,10}$/),
  stateHash: z.string(),
  /** By table, of the whole target. */
  digests: z.record(z.enum(FILLED_TABLES), digest),
  versions: versionsSchema,
  /** Blocks beside the chain whose status may still change. */
  unsettled: z
    .strictObject({
      blockIds: z.array(z.int().nonnegative()),
      digests: z.record(z.enum(BLOCK_TABLES), digest),
      versions: z.record(z.enum(BLOCK_TABLES), versionSchema),
    })
    .optional(),
  /** Columns that rest on something else than the chain; absent in marks of before it was told. */
  restsOn: restsOnSchema.optional(),
});

interface Proven extends Pick<ProvenPart, "digests" | "versions" | "restsOn"> {
  readonly height: string;
  readonly stateHash: string;
}

/**
 * Versions are of the tables as they were when they were proven, or restored. What a later run may still change
 * of them is read from the target.
 */
export async function markProven(target: Session, proven: Proven): Promise<void> {
  const unsettled = await readUnsettled(target, BigInt(proven.height));
  await saveProgressMark(target, VERIFY_STAGE, {
    ...proven,
    ...(unsettled === undefined ? {} : { unsettled }),
  });
}

/**
 * The versions with which the target may be marked as proven up to a set of its tip. What was verified in
 * this run has them; else an earlier run was killed before its mark, and the digests must be the manifest's.
 * @throws ConfigError when they are not.
 */
export async function versionsOfPublished(
  { target, verified }: Pick<JobContext, "target" | "verified">,
  { digests }: Manifest,
): Promise<TableVersions> {
  if (verified.versions !== null) return verified.versions;
  const versions = await readVersions(target);
  await requireDigests(target, digests);
  return versions;
}

/**
 * Sees to it that the mark of a published set is of the rows as they lie: a target that was dumped and restored with
 * its mark holds the same, written by other transactions.
 * @throws ConfigError when the target does not hold what was published.
 */
export async function renewMark(target: Session, manifest: Manifest): Promise<void> {
  const { height, stateHash } = manifest;
  const marked = await provenUpTo(target, manifest);
  if (isDeepStrictEqual(marked?.versions, await readVersions(target))) return;
  const versions = await versionsOfPublished({ target, verified: { versions: null } }, manifest);
  await markProven(target, {
    ...provenBySet(manifest),
    height: String(height),
    stateHash,
    versions,
  });
}

/** What a set says of the proof of its target. */
export function provenBySet({
  digests,
  verification: { restsOn },
}: Manifest): Pick<ProvenPart, "digests" | "restsOn"> {
  return { digests, ...defined({ restsOn }) };
}

async function requireDigests(target: Session, digests: Manifest["digests"]): Promise<void> {
  const found = await digestTables(target);
  const table = Object.keys(digests).find((name) => found[name] !== digests[name]);
  if (table === undefined) return;
  throw new ConfigError(
    `the target ${target.maskedUrl} stands at the tip of a published set, but its digest of ${table} ` +
      `is ${found[table] ?? "none"}, expected ${digests[table]}`,
    { hint: "the target was changed; give an empty target database" },
  );
}

/**
 * Null when nothing has been proven, or when the target no longer has the block that was, or when the mark
 * is none: then all of it is to be verified anew.
 */
export async function readProvenPart(target: Session): Promise<ProvenPart | null> {
  // Earlier versions remembered the block alone, and whoever may write to the target may write anything.
  const mark = cursorSchema.safeParse(await progressMarks(target).load(VERIFY_STAGE));
  if (!mark.success) return null;
  const { height, stateHash, digests, versions, unsettled, restsOn } = mark.data;
  const block = { height: BigInt(height), stateHash: stateHash as StateHash };
  const ledgerHash = await readLedgerHash(target, block);
  if (ledgerHash === null) return null;
  return { ...block, ledgerHash, digests, versions, ...defined({ unsettled, restsOn }) };
}

/** What was proven of the target when that very set was; null when something else was, or nothing. */
export async function provenUpTo(
  target: Session,
  { height, stateHash }: Pick<Manifest, "height" | "stateHash">,
): Promise<ProvenPart | null> {
  const proven = await readProvenPart(target);
  return proven?.height === BigInt(height) && proven.stateHash === stateHash ? proven : null;
}
