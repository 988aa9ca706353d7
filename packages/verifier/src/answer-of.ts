// Works the answer of a verification out from its report alone, so that text, document and manifest say the
// same.

import type { Answer, NotProven, Verdict } from "./answer.ts";
import type { CheckResult } from "./check-result.ts";
import { checksOfColumn } from "./coverage.ts";
import type { VerificationReport } from "./report.ts";
import type { Rest, RestsOn } from "./rests-on.ts";

type Reported = Omit<VerificationReport, keyof Answer>;

export function answerOf(report: Reported): Answer {
  const notProven = [
    ...anchorClaims(report),
    ...stateHashClaims(report),
    ...earlierRunClaims(report),
    ...exceptionClaims(report),
    ...creationFeeClaims(report),
    ...branchClaims(report),
    ...healedClaims(report),
    ...formClaims(report),
    ...columnClaims(report),
    ...restClaims(report),
  ];
  return { answer: verdictOf(report, notProven), notProven };
}

function verdictOf({ ok, checks }: Reported, notProven: readonly NotProven[]): Verdict {
  if (ok) return notProven.length === 0 ? "yes" : "yes, except";
  const failed = checks.filter((check) => !check.ok);
  return failed.every(({ unanswered }) => unanswered !== undefined) ? "no answer" : "no";
}

function anchorClaims({ anchor, tip }: Reported): NotProven[] {
  const claims: NotProven[] = [];
  if (anchor.vouchedBy === "source" || anchor.vouchedBy === "manifest") {
    claims.push({
      claim: "that this is the chain that the network agreed on",
      why: `nobody but the ${anchor.vouchedBy} vouches for the anchor; --trusted-state-hash takes a block that you trust`,
      columns: [],
    });
  }
  if (tip.height > anchor.height) {
    const heights = heightsText(anchor.height + 1n, tip.height);
    claims.push({
      claim: `that the network agreed on the blocks at ${heights}`,
      why: "they stand above the anchor, and nobody vouches for them",
      columns: [],
    });
  }
  return claims;
}

/** Without the blocks every hash is a text that the source has, too. */
function stateHashClaims({ dropped, fromHeight, tip }: Reported): NotProven[] {
  const isRecomputed = dropped.every(({ needs }) => !needs.includes("blocks"));
  if (isRecomputed || fromHeight > tip.height) return [];
  const heights = heightsText(fromHeight, tip.height);
  return [
    {
      claim: `that the state hashes and ledger hashes at ${heights} are those of these blocks`,
      why: "no precomputed blocks were given, so that no state hash was recomputed",
      columns: [],
    },
  ];
}

function earlierRunClaims({ provenBefore }: Reported): NotProven[] {
  if (provenBefore === undefined) return [];
  return [
    {
      claim: `what stands at ${heightsText(1n, provenBefore.height)}`,
      why: "it rests on the proof of an earlier run, since which it is unchanged",
      columns: [],
    },
  ];
}

function exceptionClaims({ exceptions }: Reported): NotProven[] {
  return exceptions.map(({ height, reason }) => ({
    claim: `that the accounts after the block at height ${height} have its ledger hash`,
    why: reason,
    columns: [],
  }));
}

/** Left out on demand; without a source, what needs nothing else is left out as well. */
function creationFeeClaims({ dropped }: Reported): NotProven[] {
  const isLeftOut = dropped.some(({ needs }) => needs.includes("creation fees"));
  const isWithoutSource = dropped.some(({ needs }) => needs.every((need) => need === "source"));
  if (!isLeftOut || isWithoutSource) return [];
  return [
    {
      claim: "that the source records the same creation fees",
      why: "their comparison was left out on demand",
      columns: [],
    },
  ];
}

/** There the source says something else, and the report of the migration says what. */
function healedClaims({ healedBlocks }: Reported): NotProven[] {
  if (healedBlocks === undefined) return [];
  return [
    {
      claim: `that the source has the same of ${blocksText(healedBlocks)}`,
      why: "they were healed: what it lacks or has otherwise was taken from their files, as forklift.healed of the target says",
      columns: [],
    },
  ];
}

/** What no hash says of blocks beside the chain, and whether there are more of them. */
function branchClaims({ beside }: Reported): NotProven[] {
  if (beside === undefined) return [];
  const { missing, orphaned, pending } = beside;
  if (missing !== null) {
    if (missing.missing === 0n) return [];
    return [
      {
        claim: `${blocksText(missing.missing)} beside the chain that the source has and the target lacks`,
        why:
          missing.unnamed === 0n
            ? "the migration left them out by name, for want of what proves them"
            : "nobody named what the migration left out",
        columns: [],
      },
    ];
  }
  return [
    {
      claim:
        `that the ${blocksText(orphaned + pending)} beside the chain have the status that the network gave them, and ` +
        "are all that there were",
      why: "no hash of the chain covers either, and no source was given",
      columns: [],
    },
  ];
}

/** Values in the official form that only the daemon which made them could compute. */
function formClaims({ unprovenForm = [] }: Reported): NotProven[] {
  return unprovenForm.map((claim) => ({
    claim,
    why: "only a daemon of release 3.0 computes them, and no hash of the chain covers them",
    columns: [],
  }));
}

function columnClaims(report: Reported): NotProven[] {
  const byReason = new Map<string, string[]>();
  for (const column of report.coverage.unproven) {
    const why = whyUnproven(column, report);
    byReason.set(why, [...(byReason.get(why) ?? []), column]);
  }
  return [...byReason].map(([why, columns]) => ({
    claim: `${columnsText(columns)} that no check established`,
    why,
    columns,
  }));
}

function whyUnproven(column: string, { checks, dropped }: Reported): string {
  const known = checksOfColumn(column);
  const failed = known.filter((id) => isNo(checks, id));
  if (failed.length > 0) return `${failed.join(", ")} did not hold`;
  const missing = dropped.filter(({ id }) => known.includes(id)).flatMap(({ needs }) => needs);
  if (missing.includes("blocks")) return "no precomputed blocks were given";
  if (missing.includes("source")) return "no source was given";
  if (known.length === 0) return "no check knows what it should be";
  return "the ledger hash of the tip was not demanded";
}

function isNo(checks: readonly CheckResult[], id: string): boolean {
  return checks.some((check) => check.id === id && !check.ok);
}

/** What no hash of the chain covers is settled by a signature or by two that agree, not by the word of one. */
const WORD_OF_ONE = {
  "one file":
    "no hash of the chain covers them: --signatures checks who signed a hash, and --agree has more sources tell the rest",
  "one archive":
    "no hash of the chain covers them, and no precomputed blocks were given that agree with it",
} as const satisfies Partial<Record<Rest, string>>;

/** Of what was proven before and of what is new, each for itself. */
function restClaims({ coverage, provenBefore }: Reported): NotProven[] {
  const { by, restsOn, parts } = coverage;
  if (parts === undefined || provenBefore === undefined) {
    const columns = Object.keys(by).filter((column) => !Object.hasOwn(restsOn, column));
    return [...claimsOfOne(restsOn, ""), ...claimsOfNobody(columns)];
  }
  const { height } = provenBefore;
  return [
    ...claimsOfOne(parts.before, `, up to height ${height},`),
    ...claimsOfOne(parts.now, `, above height ${height},`),
  ];
}

function claimsOfOne(rests: RestsOn, where: string): NotProven[] {
  return Object.entries(WORD_OF_ONE).flatMap(([rest, why]) => {
    const columns = Object.keys(rests).filter((column) => rests[column] === rest);
    const claim = `${columnsText(columns)}${where} resting on ${rest}`;
    return columns.length === 0 ? [] : [{ claim, why, columns }];
  });
}

/** Sums and counts hold of them, and leave open what they say. */
function claimsOfNobody(columns: readonly string[]): NotProven[] {
  if (columns.length === 0) return [];
  return [
    {
      claim: `${columnsText(columns)} that nobody tells of but the target`,
      why: "no hash of the chain covers them, and neither precomputed blocks nor a source were given that do",
      columns,
    },
  ];
}

function blocksText(count: bigint): string {
  return count === 1n ? "1 block" : `${count} blocks`;
}

function columnsText({ length }: readonly string[]): string {
  return length === 1 ? "1 column" : `${length} columns`;
}

function heightsText(from: bigint, to: bigint): string {
  return from === to ? `height ${from}` : `heights ${from} to ${to}`;
}
