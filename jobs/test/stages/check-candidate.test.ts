// The look at the block in which a final run ends: it keeps the laws of stages, refuses by each of its checks
// a run that publishes, and refuses nothing of a rehearsal.
// @module-tag only-in-all

import { parseStateHash, type StateHash } from "@forklift/chain";
import type { ForkPoint } from "@forklift/network";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";
import { lawArchive, NO_CRASH, stageLaws } from "@forklift/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { CANDIDATE_CHECKS, type CandidateReport } from "../../src/candidate-checks.ts";
import type { JobContext } from "../../src/context/job-context.ts";
import { askCandidate } from "../../src/stages/check-candidate.ts";
import { type JobSandbox, openJob } from "./job-sandbox.ts";

/** Of the law archive: canonical up to 65, pending above. */
const TIP_HEIGHT = 70;

const SOMEBODY_ELSES = parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ");

interface Place {
  readonly stateHash: StateHash;
  readonly slot: bigint;
}

/** The block of the best chain at a height. */
async function blockAt(sandbox: JobSandbox, height: number): Promise<Place> {
  await using opened = await sandbox.open(NO_CRASH);
  await using source = await connect(opened.context.sourceUrl!, {
    applicationName: "forklift test",
  });
  const [row] = await source.query<{ state_hash: StateHash; slot: string }>(
    `with recursive walk as (
       (select * from blocks order by height desc, state_hash limit 1)
       union all
       select parent.* from blocks parent join walk on parent.state_hash = walk.parent_hash
     )
     select state_hash, global_slot_since_genesis as slot from walk where height = $1`,
    [height],
  );
  return { stateHash: row!.state_hash, slot: BigInt(row!.slot) };
}

let tip: Place;
let deep: Place;

beforeAll(async () => {
  await lawArchive();
  await using sandbox = await openJob();
  tip = await blockAt(sandbox, TIP_HEIGHT);
  deep = await blockAt(sandbox, TIP_HEIGHT - 3);
});

const endingIn = (stateHash: StateHash) => ({ forkStateHash: stateHash, stopAtHeight: null });
const aFinal = (more: Partial<JobContext> = {}): Partial<JobContext> => ({
  ...{ job: "final", stop: endingIn(tip.stateHash) },
  ...more,
});

const FORK_COMMANDS = (height: number) =>
  `delete from blocks_user_commands where block_id in (select id from blocks where height > ${height})`;

describe("the stage", () => {
  stageLaws({
    makes: "nothing",
    stage: askCandidate,
    openSandbox: () => openJob({ more: aFinal() }),
    empty: {
      openSandbox: () => openJob({ more: aFinal({ stop: endingIn(SOMEBODY_ELSES) }) }),
      ends: SourceDataError,
    },
    wrongInputs: {
      "an orphan": {
        spoil: ({ changeSource }) =>
          changeSource(`update blocks set chain_status = 'orphaned' where height = ${TIP_HEIGHT}`),
        error: ConfigError,
      },
      "a database that is no archive": {
        spoil: ({ changeSource }) =>
          changeSource("drop schema public cascade; create schema public"),
        error: ConfigError,
      },
      "an archive of another network": {
        spoil: ({ changeSource }) =>
          changeSource(`update blocks set state_hash = '${SOMEBODY_ELSES}' where height = 1`),
        error: ConfigError,
      },
      "a block above a gap": {
        spoil: ({ changeSource }) =>
          changeSource(
            "update blocks set parent_hash = '3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4' where height = 68",
          ),
        error: SourceDataError,
      },
    },
    damage: {},
  });
});

/** What the checks come to, by id; of a refusal those that it names. */
async function look(
  more: Partial<JobContext>,
  change = "select 1",
): Promise<{
  readonly report: CandidateReport;
  readonly error: ConfigError | null;
  readonly warnings: readonly string[];
}> {
  await using sandbox = await openJob({ more: {} });
  await sandbox.changeSource(change);
  await using opened = await sandbox.open(NO_CRASH);
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const candidate: JobContext["candidate"] = { report: null };
  const context = { ...opened.context, ...aFinal(more), warn, candidate };
  try {
    await askCandidate.plan(context);
    return { report: candidate.report!, error: null, warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const details = error.details as { readonly candidate: CandidateReport };
    return { report: details.candidate, error, warnings };
  }
}

const failing = ({ checks }: CandidateReport) =>
  checks.filter(({ ok }) => ok === false).map(({ id }) => id);

/** A branch that is higher than the tip, and does without it. */
const HIGHER = `insert into blocks
  select (jsonb_populate_record(b, jsonb_build_object('id', 100000 + b.height, 'height', b.height + 1,
    'state_hash', '3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4'))).*
  from blocks b where height = ${TIP_HEIGHT} limit 1`;

const forkPoint = (change: Partial<ForkPoint>): ForkPoint => ({
  ...{ stateHash: tip.stateHash, height: BigInt(TIP_HEIGHT), forkGenesisSlot: null },
  ...change,
});

describe("a run that publishes", () => {
  const cases: [string, () => Partial<JobContext>, string?][] = [
    ["state-hash", () => ({ forkPoint: forkPoint({ stateHash: SOMEBODY_ELSES }) })],
    ["height", () => ({ forkPoint: forkPoint({ height: 71n }) })],
    ["slot", () => ({ forkSlot: tip.slot + 1n })],
    ["slot", () => ({ forkPoint: forkPoint({ forkGenesisSlot: tip.slot - 1n }) })],
    [
      "on-chain",
      () => ({ forkPoint: forkPoint({}) }),
      `update blocks set chain_status = 'orphaned' where height = ${TIP_HEIGHT}`,
    ],
    ["best-chain", () => ({}), HIGHER],
    ["confirmations", () => ({ minConfirmations: 1 })],
    [
      "confirmations",
      () => ({ stop: endingIn(deep.stateHash), minConfirmations: 4 }),
      FORK_COMMANDS(TIP_HEIGHT - 3),
    ],
    ["no-user-commands", () => ({ stop: endingIn(deep.stateHash), minConfirmations: 3 })],
  ];

  test.each(cases)("is refused by the check %s", async (id, more, change) => {
    const { report, error } = await look(more(), change);
    expect(error).toMatchObject({ exit: "config" });
    expect(error?.message).toMatch(/may not be published as the last block before the fork: /);
    expect(error?.message).toMatch(
      new RegExp(`\\b${id}: found .*, expected .*nothing was copied$`),
    );
    const demanded = report.checks.filter(({ ok, demanded }) => demanded && ok === false);
    expect(demanded.map((check) => check.id)).toEqual([id]);
  });

  test("has a case for every check", () => {
    expect([...new Set(cases.map(([id]) => id))].sort()).toEqual([...CANDIDATE_CHECKS].sort());
  });

  test("takes a block with as many above it as are asked for, and no commands there", async () => {
    const more = { stop: endingIn(deep.stateHash), minConfirmations: 3, forkSlot: deep.slot };
    const { report, error, warnings } = await look(more, FORK_COMMANDS(TIP_HEIGHT - 3));
    expect({ error, warnings, failing: failing(report) }).toEqual({
      ...{ error: null, warnings: [], failing: [] },
    });
    expect(report).toMatchObject({ height: TIP_HEIGHT - 3, namedBy: [] });
  });

  test("takes a tip only where 0 are asked for, and says so", async () => {
    const { error, warnings } = await look({ minConfirmations: 0 });
    expect(error).toBeNull();
    expect(warnings).toEqual([expect.stringContaining("is taken with 0 blocks above it")]);
  });

  test("asks of a named block no more than its place", async () => {
    const named = forkPoint({ stateHash: deep.stateHash, height: 67n, forkGenesisSlot: deep.slot });
    const more = { stop: endingIn(deep.stateHash), forkPoint: named, minConfirmations: 20 };
    const { report, error } = await look(more);
    expect(error).toBeNull();
    expect(report.namedBy).toEqual(["fork configuration"]);
    expect(failing(report)).toEqual(["confirmations", "no-user-commands"]);
  });

  test("with a height alone is told, and refused nothing", async () => {
    const stop = { forkStateHash: null, stopAtHeight: 67n };
    const { report, error, warnings } = await look({ stop, minConfirmations: 20 });
    expect(error).toBeNull();
    expect(failing(report)).toEqual(["confirmations", "no-user-commands"]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /^candidate check confirmations of .*: found 3, expected at least 20/,
    );
  });
});

test("a dry run is told the same, and refused nothing", async () => {
  const stop = endingIn(deep.stateHash);
  const more = { stop, minConfirmations: 20, forkSlot: 1n };
  const publishing = await look(more);
  const { report, error, warnings } = await look({ ...more, isDryRun: true });
  expect(error).toBeNull();
  expect(report).toEqual(publishing.report);
  expect(failing(report)).toEqual(["slot", "confirmations", "no-user-commands"]);
  expect(warnings).toHaveLength(3);
});

test("a link that is another when it has looked is noticed", async () => {
  const more = aFinal({ stop: endingIn(deep.stateHash), isDryRun: true });
  await using sandbox = await openJob({ more });
  const plan = await withContext(sandbox, (context) => askCandidate.plan(context));
  const ask = () => withContext(sandbox, (context) => askCandidate.verify(context, plan as never));
  expect(await ask()).toMatchObject([{ expected: deep.stateHash, actual: deep.stateHash }]);
  await sandbox.changeSource(
    `update blocks set parent_hash = '${SOMEBODY_ELSES}' where height = ${TIP_HEIGHT - 1}`,
  );
  expect(await ask()).toMatchObject([{ expected: deep.stateHash, actual: "none" }]);
});

/** On what a process that starts opens. */
async function withContext<Result>(
  sandbox: JobSandbox,
  work: (context: JobContext) => Promise<Result>,
): Promise<Result> {
  await using opened = await sandbox.open(NO_CRASH);
  return await work(opened.context);
}
