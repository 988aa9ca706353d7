// The findings of an audit of the source: plain data with the location, the fault and its fix.

import {
  blockFileName,
  FormatError,
  jsonNumber,
  parseStateHash,
  type StateHash,
  UINT32_MAX,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";

/** The kinds of faults; they stand in reports, so they are never renamed. */
const FINDING_KINDS = [
  "repeated-block",
  "missing-genesis",
  "missing-block",
  "two-canonical",
  "parent-link",
  "height",
  "chain-status",
  "unknown-command",
  "repeated-command",
  "lost-command",
  "no-coinbase",
  "parent-id",
  "command-without-block",
  "creation-fee",
  "null-value",
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** The files that hold the truth about a fault. */
export interface Mend {
  /** `add`: the source lacks these blocks. `replace`: it has their rows, and they are wrong. */
  readonly action: "add" | "replace";
  readonly files: readonly string[];
}

export interface Finding {
  readonly kind: FindingKind;
  /** Null for a command that no block includes. */
  readonly height: bigint | null;
  /** Of the block at fault, be it there or missing; null when it is unknown. */
  readonly stateHash: string | null;
  readonly parentHash: string | null;
  /** A sentence with both values where two differ. */
  readonly fault: string;
  /** Null when no file holds more than the source itself. */
  readonly mend: Mend | null;
  /** Whether the chosen chain cannot be copied because of it; else it lies beside the chain. */
  readonly stopsMigration: boolean;
}

/** Findings of one kind that are listed. Beyond so many they say nothing new; they are counted. */
export const FINDINGS_LISTED_MAX = 100;

export interface SourceAudit {
  /** By height: what stops the migration, and of everything else the first of each kind. */
  readonly findings: readonly Finding[];
  /** How many there are, of every kind that was found. */
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
  /** How many of them stop the migration. */
  readonly stoppingCount: number;
}

function stoppingFindings({ findings }: SourceAudit): Finding[] {
  return findings.filter(({ stopsMigration }) => stopsMigration);
}

/** The files that would fix what stops the migration, each once, in the order of the findings. */
export function filesToFetch(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap(({ mend }) => mend?.files ?? []))];
}

/** The name of a block's file; none when what should be its state hash is not one. */
export function mendingFile(
  action: Mend["action"],
  network: string,
  { height, stateHash }: { readonly height: bigint; readonly stateHash: string },
): Mend | null {
  let parsed: StateHash;
  try {
    parsed = parseStateHash(stateHash);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
  return { action, files: [blockFileName({ network, height, stateHash: parsed })] };
}

/** A block of which there are several rows. No program can tell which of them to follow. */
export function repeatedBlock({
  height,
  stateHash,
  parentHash,
  rows = "several rows in blocks",
}: Pick<Finding, "height" | "parentHash"> & {
  readonly stateHash: string;
  /** Their number and what tells them apart, in words. */
  readonly rows?: string;
}): Finding {
  return {
    kind: "repeated-block",
    height,
    stateHash,
    parentHash,
    fault: `block ${stateHash} at height ${height} has ${rows}`,
    mend: null,
    stopsMigration: true,
  };
}

/** As `--json` prints it: of each kind the first findings, and every file. */
export function auditDocument(audit: SourceAudit) {
  const { findings, counts, stoppingCount } = audit;
  return {
    findings: firstOfEachKind(findings).map((finding) => ({
      ...finding,
      height: documentHeight(finding.height),
    })),
    counts,
    stoppingCount,
    filesToFetch: filesToFetch(stoppingFindings(audit)),
    /** Whether there are more of them, which another audit will name once these are fixed. */
    hasMoreFiles: hasMoreFiles(audit),
  };
}

/** One that no block can have stands in the sentence alone. */
function documentHeight(height: Finding["height"]): number | null {
  return height === null || height < 0n || height > UINT32_MAX ? null : jsonNumber(height);
}

function firstOfEachKind(findings: readonly Finding[]): Finding[] {
  const listed: Partial<Record<FindingKind, number>> = {};
  return findings.filter(({ kind }) => {
    listed[kind] = (listed[kind] ?? 0) + 1;
    return listed[kind] <= FINDINGS_LISTED_MAX;
  });
}

/** A fault that was counted and not kept may need a file of its own. */
function hasMoreFiles(audit: SourceAudit): boolean {
  return audit.stoppingCount > stoppingFindings(audit).length;
}

/** Findings named one by one in a sentence; the document holds the others. */
const TOLD_MAX = 5;

/** The refusal of a source that the audit found faulty, with the audit as its details. */
export function auditError(audit: SourceAudit): SourceDataError {
  const stopping = stoppingFindings(audit);
  const told = stopping.slice(0, TOLD_MAX).map(({ fault }) => fault);
  const untold = audit.stoppingCount - told.length;
  const more = untold > 0 ? `; and ${untold} more` : "";
  return new SourceDataError(`the source is not a whole chain: ${told.join("; ")}${more}`, {
    hint: hintFor(audit),
    details: auditDocument(audit),
  });
}

function hintFor(audit: SourceAudit): string {
  const stopping = stoppingFindings(audit);
  const atLeast = hasMoreFiles(audit) ? "at least " : "";
  const listed = (files: readonly string[]) => {
    const untold = files.length - TOLD_MAX;
    const more = untold > 0 ? ` and ${atLeast}${untold} more` : "";
    return files.slice(0, TOLD_MAX).join(", ") + more;
  };
  const filesOf = (action: Mend["action"]) =>
    filesToFetch(stopping.filter(({ mend }) => mend?.action === action));
  const [added, replaced] = [filesOf("add"), filesOf("replace")];
  const steps = [
    added.length > 0 ? `patch the source with ${listed(added)}` : null,
    replaced.length > 0
      ? `repair these rows in the source; what they should be stands in ${listed(replaced)}`
      : null,
    ...stepsOfKinds(stopping),
  ].filter((step) => step !== null);
  const repair = steps.length === 0 ? "repair these rows in the source" : steps.join("; ");
  return `${repair}; then run again; or run with --heal, which takes what is settled from block files`;
}

/** What to do about faults that no file mends, where that is more than to put a value right. */
const STEPS: Readonly<Partial<Record<FindingKind, string>>> = {
  "repeated-block":
    "of each block with several rows, keep one and delete the others with what refers to them, then make " +
    "blocks.state_hash unique again",
  "missing-genesis":
    "write the genesis block into the source, for which there is no file: start its archive node once with " +
    "the network's genesis configuration (--config-file), or copy the row of height 1 from another archive " +
    "of the network; or take a dump that has it",
  "creation-fee":
    "put receiver_account_creation_fee_paid right in these rows, or leave the source's creation fees out of " +
    "the comparison with --skip-creation-fees, in a job with verify.compareCreationFees: false",
};

function stepsOfKinds(stopping: readonly Finding[]): string[] {
  const kinds = new Set(stopping.filter(({ mend }) => mend === null).map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => STEPS[kind] ?? []);
}
