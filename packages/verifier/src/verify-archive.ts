// Runs every check of a verification and collects the results.

import assert from "node:assert/strict";
import type { History, LedgerHash, StateHash } from "@forklift/chain";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { readCatalog, type Session, sharedSnapshot, snapshot } from "@forklift/postgres";
import { filesToAgree } from "@forklift/precomputed";
import { answerOf } from "./answer-of.ts";
import { askTables, inSavepoint } from "./ask-check.ts";
import { isBelievable, questionOf } from "./believe-mark.ts";
import type { Need, WalkCheck } from "./check.ts";
import type { CheckResult } from "./check-result.ts";
import { tableChecks, walkChecks } from "./checks/index.ts";
import { userCommandsPrecomputed } from "./checks/precomputed-commands.ts";
import { signatures as signatureCheck } from "./checks/signatures.ts";
import type { Tip, VerifierContext } from "./context.ts";
import { coverageOf } from "./coverage.ts";
import { followWalk, type Marking, type WalkOptions } from "./follow-walk.ts";
import { NOTHING_HEALED } from "./healed.ts";
import { type ArchiveFindings, findingsOf, unprovenOf } from "./later-eras.ts";
import { findMissingBranches } from "./missing-branches.ts";
import { asksSignatures, isMet } from "./needs.ts";
import { lookedAt, partUpTo } from "./part.ts";
import { readPendingTail } from "./pending-tail.ts";
import {
  type ProvenPart,
  readVersions,
  settledPart,
  settledVersions,
  type TableVersions,
} from "./proven-part.ts";
import type { BesideChain, CheckedSignatures, VerificationReport } from "./report.ts";
import type { Witnesses } from "./rests-on.ts";
import { digestOfRules } from "./rules.ts";
import { digestTable, sumOfDigests } from "./table-digests.ts";
import { countTable, EMPTY_TABLES, FILLED_TABLES } from "./tables.ts";
import { lowestNewFork } from "./walk/branch-tree.ts";
import { RebuiltLedger } from "./walk/rebuilt-ledger.ts";
import type { Scope } from "./walk/scope.ts";
import {
  type Beside,
  BY_STATUS,
  besideByStatus,
  besideChain,
  isBeside,
  sideParams,
} from "./walk/sides.ts";
import { findChain } from "./walk/source-chain.ts";
import type { WalkMarks } from "./walk/walk-mark.ts";

/** Missing at most in a target that is walked to its top, beyond as many as it has. */
const MISSING_BLOCKS_MAX = 1000;

/** In SQL; above it no walk would end. */
const HEIGHT_MAX = `2 * (select count(*) from blocks) + ${MISSING_BLOCKS_MAX}`;

export interface VerificationOptions extends WalkOptions {
  /** Where an interrupted verification of the same rows goes on; without it, the walk begins anew. */
  readonly marks?: WalkMarks;
  /** Is notified of the height above which the walk of an interrupted verification goes on. */
  onResumed?(height: bigint): void;
}

/**
 * Answers whether the target is the history of the chain that its tip ends. It only reads, and
 * every check runs even if one before it failed. Without a source and without precomputed blocks it proves
 * what the rows say of each other, and the report lists the rest as not proven.
 * @throws ConfigError when the target has no block, or ends below what was proven.
 * @throws TryAgainError when a server or a block source is unavailable, or the signal was aborted.
 */
export async function verifyArchive(
  context: VerifierContext,
  options: VerificationOptions,
): Promise<VerificationReport> {
  const { target, openTarget } = context;
  if (openTarget === undefined) {
    return await snapshot(target, () => verifySnapshot(context, options));
  }
  await using second = await openTarget();
  return await sharedSnapshot([target, second], () => verifySnapshot(context, options, second));
}

/**
 * The same in a transaction that the caller holds.
 * @param second another session on the same picture of the target; without one, the checks of whole
 * tables wait for the walk.
 */
export async function verifySnapshot(
  context: VerifierContext,
  options: VerificationOptions,
  second?: Session,
): Promise<VerificationReport> {
  const startedMs = options.now();
  const { scope, marking } = await openScope(context, options);
  await using _rebuilt = scope.rebuilt;
  const askWalk = () => followWalk(scope, marking, options);
  const askRest = () => askTarget({ ...scope, target: second ?? scope.target }, options);
  const [walked, rest] = second
    ? await bothOf(askWalk(), askRest())
    : [await askWalk(), await askRest()];
  const checks = [...walked.results, ...rest.results];
  const { anchor, proven, network } = scope;
  const archive = await archiveFindings(scope, rest.rowCounts, checks);
  const unproven = unprovenOf(scope);
  const ok = checks.every((check) => check.ok);
  const beside = await countBeside(scope, ok);
  const signatures = signaturesIn(scope, walked.results);
  const report = {
    ok,
    anchor,
    tip: scope.tip,
    fromHeight: scope.provenHeight + 1n,
    ...(proven === null
      ? {}
      : { provenBefore: { height: proven.height, stateHash: proven.stateHash } }),
    ...(scope.walked === null ? {} : { resumedAbove: scope.walked.height }),
    ...(network.genesis.isDerived ? { derivedGenesis: network.genesis.stateHash } : {}),
    ...(archive === null ? {} : { archive }),
    ...(unproven.length === 0 ? {} : { unprovenForm: unproven }),
    checks,
    dropped: [...walkChecks, ...tableChecks]
      // What a verification of everything has no need of is not left out.
      .filter(({ needs }) => !isMet(needs, scope) && !isNotAsked(needs, scope))
      .map(({ id, name, needs }) => ({ id, name, needs })),
    coverage: coverageOf(await readCatalog(scope.target), checks, {
      isTipExcepted: walked.exceptions.some(({ stateHash }) => stateHash === scope.tip.stateHash),
      witnesses: witnessesOf(scope, signatures),
      before: proven?.restsOn,
    }),
    ...(signatures === null ? {} : { signatures }),
    digests: rest.digests,
    rowCounts: rest.rowCounts,
    exceptions: walked.exceptions,
    ...(beside === null ? {} : { beside }),
    ...healedIn(context),
    // Of a part of the tables nothing is remembered: whoever writes the archive goes on doing so.
    versions: ok && scope.part === null ? (marking?.versions ?? (await versionsOf(scope))) : null,
    elapsedMs: Math.round(options.now() - startedMs),
  };
  return { ...report, ...answerOf(report) };
}

/** Without a source, none is left out of what it is asked for. */
function healedIn({
  source,
  healed = NOTHING_HEALED,
}: VerifierContext): Pick<VerificationReport, "healedBlocks"> {
  return source === null || healed.size === 0 ? {} : { healedBlocks: BigInt(healed.size) };
}

/** Null where none was asked for. */
function signaturesIn(scope: Scope, results: readonly CheckResult[]): CheckedSignatures | null {
  if (!asksSignatures(scope)) return null;
  const comparedBy = (check: WalkCheck) => results.find(({ id }) => id === check.id)?.compared ?? 0;
  const [checked, of] = [comparedBy(signatureCheck), comparedBy(userCommandsPrecomputed)];
  return { share: scope.grounds!.signatures, checked, of };
}

/** As many files as were to agree did so, or a check lacked what it needs. */
function witnessesOf(
  { blocks, grounds, source, history }: Scope,
  signatures: CheckedSignatures | null,
): Witnesses {
  const files = blocks === null ? 0 : filesToAgree(grounds?.agree ?? 1, source !== null);
  return {
    files,
    isSigned: signatures !== null && signatures.checked === signatures.of,
    hasPending: history === "all",
  };
}

/** Of a check that is left out: whether it lacks what there is nothing of. */
function isNotAsked(needs: readonly Need[], scope: Scope): boolean {
  return needs.some((need) => !isMet([need], scope) && ONLY_IF.has(need));
}

/** Null for a history that is to hold nothing beside the chain, and for tables that cannot be read. */
async function countBeside(
  { target, history, missing, sides }: Scope,
  isOk: boolean,
): Promise<BesideChain | null> {
  if (history === "canonical") return null;
  try {
    let beside: BesideChain | null = null;
    await inSavepoint(target, async () => {
      const rows = await target.query<Record<"status" | "count", string>>(
        `select b.chain_status::text as status, count(*) from blocks b where ${isBeside("b")} group by 1`,
        sideParams(sides),
      );
      const count = (status: string) =>
        BigInt(rows.find((row) => row.status === status)?.count ?? 0);
      beside = {
        orphaned: count("orphaned"),
        pending: count("pending"),
        missing: (await missing?.()) ?? null,
      };
    });
    return beside;
  } catch (error) {
    if (isOk || error instanceof TryAgainError) throw error;
    return null;
  }
}

/** What there is nothing of is not left out, and nobody could give it. */
const ONLY_IF: ReadonlySet<Need> = new Set(["proven part", "later blocks", "branches"]);

/** An archive that cannot be read, which the checks have reported already, is not described either. */
async function archiveFindings(
  scope: Scope,
  rowCounts: Readonly<Record<string, string>>,
  checks: readonly CheckResult[],
): Promise<ArchiveFindings | null> {
  let found: ArchiveFindings | null = null;
  try {
    await inSavepoint(scope.target, async () => {
      const accountCount = BigInt(scope.rebuilt.ledger.accountCount);
      found = await findingsOf(scope, { rowCounts, accountCount });
    });
  } catch (error) {
    if (error instanceof TryAgainError || checks.every(({ ok }) => ok)) throw error;
  }
  return found;
}

async function versionsOf({
  target,
  proven,
  settledVersions: settled,
}: Pick<Scope, "target" | "proven" | "settledVersions">): Promise<TableVersions> {
  if (proven === null || settled === null) return await readVersions(target);
  return await readVersions(target, { proven, versions: await settled(target) });
}

/** Waits for both, so that neither still uses its session when the first error is thrown. */
async function bothOf<Left, Right>(
  left: Promise<Left>,
  right: Promise<Right>,
): Promise<[Left, Right]> {
  await Promise.allSettled([left, right]);
  return await Promise.all([left, right]);
}

async function openScope(
  context: VerifierContext,
  { marks, onResumed }: VerificationOptions,
): Promise<{ readonly scope: Scope; readonly marking: Marking | null }> {
  const { target, proven, source, leftOut, pauseSource, archive = null } = context;
  const isPart = archive?.goesOn === true;
  assert(!isPart || proven === null, "nothing is remembered of an archive that goes on");
  const { hasBeside, ...ground } = isPart
    ? await groundOfPart(context)
    : await groundOfWhole(context);
  const { history, tip } = ground;
  const hasBranches = history !== "canonical" && hasBeside;
  const settled = proven && settledVersions(proven);
  const asked = {
    ...{ ...context, ...ground, hasBranches },
    settledVersions: settled,
  };
  const marking = marks === undefined ? null : await openMarking(asked, marks);
  const mark = await marking?.marks.load();
  const walked = mark && (await isBelievable(mark, marking!, asked)) ? mark : null;
  if (walked !== null) onResumed?.(walked.height);
  const below = walked ?? (proven && (await firstBelow(context, { proven, hasBranches })));
  const range = { from: below?.height ?? 0n, to: tip.height, threads: context.threads ?? 1 };
  const rebuilt = await RebuiltLedger.at(target, range);
  const tipStatus = await readTipStatus(context, tip);
  const provenHeight = proven?.height ?? 0n;
  let found: ReturnType<typeof findMissingBranches> | undefined;
  const missing =
    source === null
      ? null
      : () => {
          found ??= findMissingBranches({ source, target, tip, history, leftOut, pauseSource });
          return found;
        };
  const place = { tipStatus, provenHeight, walked, below, missing, rebuilt };
  return { scope: { ...asked, ...place }, marking };
}

interface Ground extends Pick<Scope, "history" | "tip" | "part" | "chain" | "tail" | "sides"> {
  readonly hasBeside: boolean;
}

async function groundOfWhole(context: VerifierContext): Promise<Ground> {
  const { target, anchor, archive = null } = context;
  // In an archive that others have made, the chain down from the anchor may end with pending blocks. Those above
  // it are beside the chain then: nobody says which of them will be of it.
  const tail = archive === null ? null : await readPendingTail(target, anchor);
  const sides = { ...BY_STATUS, chainBeside: tail?.ids ?? [] };
  const beside = await besideByStatus(target, sides);
  const history = context.history ?? historyThatHolds(beside);
  const tip = tail === null ? await readTip({ ...context, history }) : await readAnchor(context);
  return { history, tip, part: null, chain: null, tail, sides, hasBeside: isAny(beside) };
}

/** Which blocks are of its chain is found by parent hashes, so that every other one is beside it. */
async function groundOfPart(context: VerifierContext): Promise<Ground> {
  const { target, schema } = context;
  const tip = await readAnchor(context);
  const part = partUpTo(tip.height, schema);
  const chain = await findChain(target, tip, 0n);
  const tail = await readPendingTail(target, tip);
  const { beside, sides } = await besideChain(target, chain);
  const history = context.history ?? historyThatHolds(beside);
  return { history, tip, part, chain, tail, sides, hasBeside: isAny(beside) };
}

function isAny({ orphaned, pending }: Beside): boolean {
  return orphaned || pending;
}

function historyThatHolds({ orphaned, pending }: Beside): History {
  if (pending) return "all";
  return orphaned ? "complete" : "canonical";
}

/**
 * The proven block, or one below it where a branch leaves the chain that has a block which nobody has proven. Its ledger
 * hash is demanded, since the accounts below are known by it. Null for genesis.
 */
async function firstBelow(
  { target, network }: Pick<VerifierContext, "target" | "network">,
  { proven, hasBranches }: { readonly proven: ProvenPart; readonly hasBranches: boolean },
): Promise<Scope["below"]> {
  const fork = hasBranches ? await lowestNewFork(target, proven) : null;
  if (fork === null || fork >= proven.height) return proven;
  const rows = await target.query<Record<"height" | "state_hash" | "ledger_hash", string>>(
    `select height, state_hash, ledger_hash from blocks
     where height <= $1 and chain_status::text = 'canonical' and state_hash <> all($2)
     order by height desc, state_hash limit 1`,
    [fork, [...network.ledgerHashExceptions.keys()]],
  );
  return rows[0] === undefined ? null : tipOf(rows[0]);
}

function tipOf(row: Readonly<Record<"height" | "state_hash" | "ledger_hash", string>>): Tip {
  // Not parsed: a text that is no hash is for the checks to find, not a reason to run none of them.
  return {
    height: BigInt(row.height),
    stateHash: row.state_hash as StateHash,
    ledgerHash: row.ledger_hash as LedgerHash,
  };
}

/** Null for a target whose tables cannot be read: the checks report them. */
async function openMarking(
  scope: Pick<
    Scope,
    "target" | "anchor" | "proven" | "tip" | "history" | "hasBranches" | "settledVersions"
  > &
    VerifierContext,
  marks: WalkMarks,
): Promise<Marking | null> {
  const checks = walkChecks.filter(({ needs }) => isMet(needs, scope)).map(({ id }) => id);
  try {
    let versions: TableVersions = {};
    await inSavepoint(scope.target, async () => {
      versions = await versionsOf(scope);
    });
    return {
      marks,
      versions,
      question: questionOf(scope, { checks, rules: await digestOfRules() }),
    };
  } catch (error) {
    if (error instanceof TryAgainError) throw error;
    return null;
  }
}

async function askTarget(scope: Scope, options: VerificationOptions) {
  const results: CheckResult[] = [];
  for (const check of tableChecks) {
    if (!isMet(check.needs, scope)) continue;
    const result = await askTables(check, scope, options);
    results.push(result);
    options.onCheck?.(result);
  }
  return { results, ...(await countAndDigest(scope, results)) };
}

/**
 * Of the proven part both are known: only new rows are read. A table that cannot be read, which the
 * checks have reported already, has neither.
 */
async function countAndDigest({ target, proven, part }: Scope, results: readonly CheckResult[]) {
  const digests: Record<string, string> = {};
  const rowCounts: Record<string, string> = {};
  const orNothing = async (work: () => Promise<void>) => {
    try {
      await inSavepoint(target, work);
    } catch (error) {
      if (error instanceof TryAgainError || results.every(({ ok }) => ok)) throw error;
    }
  };
  const known = proven && settledPart(proven);
  for (const table of FILLED_TABLES) {
    await orNothing(async () => {
      const range = lookedAt(table, { proven, part });
      const digest = await digestTable(target, table, range);
      const count = await countTable(target, table, range);
      digests[table] = known ? sumOfDigests(known.digests[table]!, digest) : digest;
      const settled = known === null ? 0n : BigInt(known.versions[table]!.rows);
      rowCounts[table] = String(BigInt(count) + settled);
    });
  }
  for (const table of EMPTY_TABLES) {
    await orNothing(async () => {
      // A part that refers to any fails a check.
      rowCounts[table] = part === null ? await countTable(target, table) : "0";
    });
  }
  return { digests, rowCounts };
}

/**
 * The highest canonical block. In a history of the chain alone it is the highest of all: of two at one height the
 * canonical one, the other fails a check of its own. So does one that stands far above what so many blocks can
 * reach: to walk there would take for ever.
 */
export async function readTip({
  target,
  proven,
  history,
}: Pick<VerifierContext, "target" | "proven" | "history">): Promise<Tip> {
  const highest = async (which: string) => {
    const [row] = await target.query<{ height: string; state_hash: string; ledger_hash: string }>(
      `select height, state_hash, ledger_hash from blocks
       where height <= ${HEIGHT_MAX} and ${which}
       order by height desc, chain_status, state_hash limit 1`,
    );
    return row;
  };
  const ofChain =
    history === "canonical" ? undefined : await highest("chain_status::text = 'canonical'");
  const row = ofChain ?? (await highest("true"));
  if (row === undefined) {
    throw new ConfigError(
      `the target ${target.maskedUrl} holds no block, there is nothing to verify`,
      {
        hint: "run forklift migrate and forklift replay first",
      },
    );
  }
  const height = BigInt(row.height);
  if (proven !== null && height < proven.height) {
    throw new ConfigError(
      `the target ${target.maskedUrl} ends at height ${height}, below the proven height ${proven.height}`,
      { hint: "verify all of it, with --full" },
    );
  }
  return tipOf(row);
}

/** @throws ConfigError when the anchor stands higher than so many blocks can reach. */
async function readAnchor({ target, anchor }: VerifierContext): Promise<Tip> {
  const [row] = await target.query<{ ledger_hash: string }>(
    `select ledger_hash from blocks
     where height = $1 and state_hash = $2 and height <= ${HEIGHT_MAX}`,
    [anchor.height, anchor.stateHash],
  );
  if (row !== undefined) return { ...anchor, ledgerHash: row.ledger_hash as LedgerHash };
  throw new ConfigError(
    `the target ${target.maskedUrl} holds no chain of ${anchor.height} blocks below ${anchor.stateHash}`,
    { hint: "check the height of that block: its row, or most of those below it, was changed" },
  );
}

async function readTipStatus({ source }: VerifierContext, tip: Tip): Promise<string | null> {
  const rows = await source?.query<{ status: string }>(
    "select chain_status as status from blocks where state_hash = $1 and height = $2",
    [tip.stateHash, tip.height],
  );
  return rows?.[0]?.status ?? null;
}
