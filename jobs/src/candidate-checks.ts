// The candidate checks: what the block in which a final run ends must satisfy before anything is copied. A
// block that preset or fork configuration name must be that block, and on the chain; any other one must be
// so deep in the best chain that the network cannot leave it, with no command of users above it.

import type { ForkCandidate } from "@forklift/archive";
import { type BlockRef, jsonNumber, type StateHash } from "@forklift/chain";

/** Whose word about the last pre-fork block there is, and what it says; left out what it does not. */
export interface ForkClaim {
  readonly by: "preset" | "fork configuration" | "--stop-at-height" | "--fork-slot";
  readonly stateHash?: StateHash;
  readonly height?: bigint;
  /** Its own, since genesis. */
  readonly slot?: bigint | undefined;
  /** That of the fork genesis block, which stands at no lower one. */
  readonly slotMax?: bigint | undefined;
}

export interface CandidateQuestion {
  readonly stateHash: StateHash;
  /** What the source says of it; null when it does not have the block. */
  readonly found: ForkCandidate | null;
  readonly claims: readonly ForkClaim[];
  /** Blocks that must stand above one that nobody names. */
  readonly minConfirmations: number;
}

export interface CandidateCheck {
  readonly id: string;
  /** What is asked, as a sentence. */
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  /** Null where there is nothing to ask: nobody names a value, or the source does not have the block. */
  readonly ok: boolean | null;
  /** Whether a final run that publishes refuses a block that does not hold. */
  readonly demanded: boolean;
}

/** As the outcome of a job and a plan print it. */
export interface CandidateReport {
  readonly stateHash: StateHash;
  /** Null with the slot when the source does not have the block. */
  readonly height: number | null;
  readonly globalSlotSinceGenesis: number | null;
  /** Who says that the network forks after this block; empty when nobody does. */
  readonly namedBy: readonly ForkClaim["by"][];
  readonly minConfirmations: number;
  readonly checks: readonly CandidateCheck[];
}

type Answer = Pick<CandidateCheck, "expected" | "found" | "ok">;

interface CheckOfCandidate {
  readonly id: string;
  readonly name: string;
  /** `always`, or only where nobody names the block. */
  readonly demanded: "always" | "unnamed";
  readonly ask: (question: CandidateQuestion) => Answer;
}

const CHECKS: readonly CheckOfCandidate[] = [
  {
    id: "state-hash",
    name: "it is the block that preset and fork configuration name",
    demanded: "always",
    ask: ({ claims, stateHash }) => askClaims(claims, "stateHash", stateHash),
  },
  {
    id: "height",
    name: "it stands at the height that they and the options say",
    demanded: "always",
    ask: ({ claims, found }) => askClaims(claims, "height", found?.height ?? null),
  },
  {
    id: "slot",
    name: "it has the slot that they and --fork-slot say",
    demanded: "always",
    ask: ({ claims, found }) => askSlot(claims, found?.globalSlotSinceGenesis ?? null),
  },
  {
    id: "on-chain",
    name: "it is canonical, or goes on from the highest canonical block",
    demanded: "always",
    ask: ({ found }) => ({
      expected: "on the chain",
      found: found === null ? "not in the source" : (found.left ?? "on the chain"),
      ok: found !== null && found.left === null,
    }),
  },
  {
    id: "best-chain",
    name: "a highest block of the source descends from it, or is it",
    demanded: "unnamed",
    ask: ({ found }) =>
      askFound(found, "on the best chain", ({ offBestChain }) => ({
        found: offBestChain ?? "on the best chain",
        ok: offBestChain === null,
      })),
  },
  {
    id: "confirmations",
    name: "so many blocks stand above it on the best chain",
    demanded: "unnamed",
    ask: ({ found, minConfirmations }) =>
      askBestChain(found, `at least ${minConfirmations}`, (above, { rivals: [rival] }) => ({
        found:
          rival === undefined
            ? String(above)
            : `${above}, for ${rival.stateHash} at height ${rival.height} does without it`,
        ok: above >= BigInt(minConfirmations),
      })),
  },
  {
    id: "no-user-commands",
    name: "no block above it on the best chain has commands of users",
    demanded: "unnamed",
    ask: ({ found }) =>
      askBestChain(found, "none", (_above, { commandsAbove }) => ({
        found:
          commandsAbove === null
            ? "none"
            : `${commandsAbove.userCommands} at height ${commandsAbove.height}`,
        ok: commandsAbove === null,
      })),
  },
];

/** The ids of all checks, in their order. */
export const CANDIDATE_CHECKS: readonly string[] = CHECKS.map(({ id }) => id);

export function checkCandidate(question: CandidateQuestion): CandidateReport {
  const { stateHash, found, claims, minConfirmations } = question;
  const namedBy = claims.filter((claim) => claim.stateHash !== undefined).map(({ by }) => by);
  return {
    stateHash,
    height: found === null ? null : jsonNumber(found.height),
    globalSlotSinceGenesis: found === null ? null : jsonNumber(found.globalSlotSinceGenesis),
    namedBy,
    minConfirmations,
    checks: CHECKS.map(({ id, name, demanded, ask }) => ({
      ...{ id, name, ...ask(question) },
      demanded: demanded === "always" || namedBy.length === 0,
    })),
  };
}

/** What keeps a final run from publishing up to this block. */
export function failedChecks({ checks }: CandidateReport): readonly CandidateCheck[] {
  return checks.filter(({ ok, demanded }) => demanded && ok === false);
}

/** What does not hold, be it demanded or not: a rehearsal is told. */
export function unmetChecks({ checks }: CandidateReport): readonly CandidateCheck[] {
  return checks.filter(({ ok }) => ok === false);
}

/** @returns what it stands for in a sentence: the candidate with its place, as far as it is known. */
export function candidateText({ stateHash, height }: CandidateReport): string {
  return height === null ? stateHash : `${stateHash} at height ${height}`;
}

const NOT_ASKED = "not asked";

/** Every word about a value must be that of the source. */
function askClaims(
  claims: readonly ForkClaim[],
  key: "stateHash" | "height",
  value: BlockRef["stateHash" | "height"] | null,
): Answer {
  const said = claims.filter((claim) => claim[key] !== undefined);
  const expected = said.map((claim) => `${claim[key]} (${claim.by})`).join(", ");
  if (said.length === 0) return { expected: "named by nobody", found: NOT_ASKED, ok: null };
  if (value === null) return { expected, found: NOT_ASKED, ok: null };
  return { expected, found: String(value), ok: said.every((claim) => claim[key] === value) };
}

function askSlot(claims: readonly ForkClaim[], slot: bigint | null): Answer {
  const words = claims.flatMap(({ by, slot: own, slotMax }) => [
    ...(own === undefined ? [] : [{ text: `${own} (${by})`, holds: slot === own }]),
    ...(slotMax === undefined
      ? []
      : [{ text: `at most ${slotMax} (${by})`, holds: slot !== null && slot <= slotMax }]),
  ]);
  const expected = words.map(({ text }) => text).join(", ");
  if (words.length === 0) return { expected: "named by nobody", found: NOT_ASKED, ok: null };
  if (slot === null) return { expected, found: NOT_ASKED, ok: null };
  return { expected, found: String(slot), ok: words.every(({ holds }) => holds) };
}

function askFound(
  found: ForkCandidate | null,
  expected: string,
  ask: (found: ForkCandidate) => Pick<Answer, "found" | "ok">,
): Answer {
  return found === null ? { expected, found: NOT_ASKED, ok: null } : { expected, ...ask(found) };
}

/** What is off the best chain has nothing above it that could be counted: another check says no. */
function askBestChain(
  found: ForkCandidate | null,
  expected: string,
  ask: (blocksAbove: bigint, found: ForkCandidate) => Pick<Answer, "found" | "ok">,
): Answer {
  const above = found?.blocksAbove ?? null;
  if (found === null || above === null) return { expected, found: NOT_ASKED, ok: null };
  return { expected, ...ask(above, found) };
}
