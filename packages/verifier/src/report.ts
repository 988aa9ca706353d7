// The report of a verification, as plain data and as the JSON document of `forklift verify`.

import {
  type BlockRef,
  jsonNumber,
  type SignatureShare,
  type StateHash,
  textOfShare,
} from "@forklift/chain";
import type { Answer } from "./answer.ts";
import type { Need } from "./check.ts";
import type { CheckResult } from "./check-result.ts";
import type { Anchor, Tip } from "./context.ts";
import type { Coverage } from "./coverage.ts";
import type { ArchiveFindings } from "./later-eras.ts";
import type { MissingBranches } from "./missing-branches.ts";
import type { TableVersions } from "./proven-part.ts";
import type { UsedException } from "./walk/walk-mark.ts";

/** A check that was left out, and what it would have taken. */
export interface DroppedCheck {
  readonly id: string;
  readonly name: string;
  readonly needs: readonly Need[];
}

export interface BesideChain {
  readonly orphaned: bigint;
  readonly pending: bigint;
  /** Of the source's, up to the height of the tip; null without a source. */
  readonly missing: MissingBranches | null;
}

export interface CheckedSignatures {
  readonly share: SignatureShare;
  readonly checked: number;
  /** User commands that were looked at. */
  readonly of: number;
}

export interface VerificationReport extends Answer {
  /** Whether no check said no. */
  readonly ok: boolean;
  readonly anchor: Anchor;
  readonly tip: Tip;
  /** The first height that this run looked at, or an interrupted one before it; above the tip when no block is new. */
  readonly fromHeight: bigint;
  /** Up to here an earlier run's proof is trusted, as long as the rows have its digests. */
  readonly provenBefore?: BlockRef;
  /** Up to this height an interrupted run has walked, of the same rows by the same rules; absent without one. */
  readonly resumedAbove?: bigint;
  /** The network's genesis block, where its state hash is derived and no public source names it. */
  readonly derivedGenesis?: StateHash;
  /** Of an archive that lives, or that others have made. */
  readonly archive?: ArchiveFindings;
  /** What of its form was accepted and cannot be recomputed by anybody, each in the words of a claim. */
  readonly unprovenForm?: readonly string[];
  readonly checks: readonly CheckResult[];
  readonly dropped: readonly DroppedCheck[];
  readonly coverage: Coverage;
  /** Of which blocks signatures were asked for, and of how many commands of all; absent where of none. */
  readonly signatures?: CheckedSignatures;
  /** By table, 64 hex digits each. */
  readonly digests: Readonly<Record<string, string>>;
  readonly rowCounts: Readonly<Record<string, string>>;
  readonly exceptions: readonly UsedException[];
  /** What the target holds beside its chain; absent for a history that is to hold nothing there. */
  readonly beside?: BesideChain;
  /** Blocks of which the source was not asked for all, since the migration took something from their files. */
  readonly healedBlocks?: bigint;
  /**
   * Of the target's tables as they were verified: who has them sees whether they were written since. Null
   * when the answer is no.
   */
  readonly versions: TableVersions | null;
  readonly elapsedMs: number;
}

/** None when the anchor stands above the tip, which a check says no to. */
export function blocksAboveAnchor({ anchor, tip }: Pick<VerificationReport, "anchor" | "tip">) {
  return tip.height > anchor.height ? tip.height - anchor.height : 0n;
}

/** The report as the documented JSON document: heights and counts are numbers, times seconds. */
export function toJson(report: VerificationReport) {
  const { ok, anchor, tip, fromHeight, provenBefore, checks, dropped } = report;
  const { digests, rowCounts, signatures } = report;
  const { parts: _parts, ...coverage } = report.coverage;
  return {
    ok,
    answer: report.answer,
    notProven: report.notProven,
    anchor: {
      height: jsonNumber(anchor.height),
      stateHash: anchor.stateHash,
      vouchedBy: anchor.vouchedBy,
    },
    /** They are connected to the anchor, but are not trusted themselves. */
    blocksAboveAnchor: jsonNumber(blocksAboveAnchor(report)),
    tip: {
      height: jsonNumber(tip.height),
      stateHash: tip.stateHash,
      ledgerHash: tip.ledgerHash,
    },
    fromHeight: jsonNumber(fromHeight),
    ...(provenBefore === undefined
      ? {}
      : {
          provenBefore: {
            height: jsonNumber(provenBefore.height),
            stateHash: provenBefore.stateHash,
          },
        }),
    ...(report.resumedAbove === undefined ? {} : { resumedAbove: jsonNumber(report.resumedAbove) }),
    ...(report.derivedGenesis === undefined ? {} : { derivedGenesis: report.derivedGenesis }),
    ...(report.archive === undefined ? {} : { archive: archiveJson(report.archive) }),
    checks: checks.map((check) => ({
      id: check.id,
      name: check.name,
      ok: check.ok,
      compared: check.compared,
      seconds: check.elapsedMs / 1000,
      differenceCount: check.differenceCount,
      differences: check.differences,
    })),
    dropped,
    coverage,
    ...(signatures === undefined
      ? {}
      : { signatures: { ...signatures, share: textOfShare(signatures.share) } }),
    digests,
    rowCounts: Object.fromEntries(
      Object.entries(rowCounts).map(([table, count]) => [table, jsonNumber(BigInt(count))]),
    ),
    exceptions: report.exceptions.map(({ height, stateHash, reason }) => ({
      height: jsonNumber(height),
      stateHash,
      reason,
    })),
    ...(report.beside === undefined ? {} : { beside: besideJson(report.beside) }),
    ...(report.healedBlocks === undefined ? {} : { healedBlocks: jsonNumber(report.healedBlocks) }),
    seconds: report.elapsedMs / 1000,
  };
}

function besideJson({ orphaned, pending, missing }: BesideChain) {
  return {
    orphaned: jsonNumber(orphaned),
    pending: jsonNumber(pending),
    ...(missing === null
      ? {}
      : {
          missing: jsonNumber(missing.missing),
          /** The first ones. */
          missingBlocks: missing.first.map(({ height, stateHash }) => ({
            height: jsonNumber(height),
            stateHash,
          })),
        }),
  };
}

function archiveJson({ form, additions, accepted, goesOn }: ArchiveFindings) {
  return {
    form,
    additions,
    accepted,
    goesOn: goesOn && {
      versions: goesOn.versions.map(({ version, blocks, fromHeight, toHeight }) => ({
        version,
        blocks: jsonNumber(BigInt(blocks)),
        fromHeight: jsonNumber(fromHeight),
        toHeight: jsonNumber(toHeight),
      })),
      leftAlone: Object.fromEntries(
        Object.entries(goesOn.leftAlone).map(([table, count]) => [
          table,
          jsonNumber(BigInt(count)),
        ]),
      ),
    },
  };
}
