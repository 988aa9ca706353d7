// A verification that was stopped goes on where its walk was marked, and only on the very same rows.
// @module-tag only-in-all

import type { LedgerHash } from "@forklift/chain";
import { StoppedError } from "@forklift/pipeline";
import type { CommandGrounds } from "@forklift/precomputed";
import { openTestSession, projectionOf } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VerifierContext } from "../src/context.ts";
import type { VerificationReport } from "../src/report.ts";
import { verifyArchive, verifySnapshot } from "../src/verify-archive.ts";
import type { WalkMark, WalkMarks } from "../src/walk/walk-mark.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";

const EVERY = 10n;

/** The last column of its table, so that the schema is what it was, and no row is written. */
const WITH_A_DEFAULT = `
  alter table blocks_user_commands drop column failure_reason;
  alter table blocks_user_commands add column failure_reason text default 'Overflow';
  alter table blocks_user_commands alter column failure_reason drop default`;

let archive: SampleArchive;
let calm: VerificationReport;
/** That of a verification which was stopped at height 25. */
let stopped: WalkMark;

beforeAll(async () => {
  archive = await openSampleArchive();
  calm = await verify({});
  const kept = shelf();
  const stop = new AbortController();
  const verification = verify({
    marks: kept,
    signal: stop.signal,
    onHeight: (height) => {
      if (height === 25n) stop.abort();
    },
  });
  await expect(verification).rejects.toThrow(StoppedError);
  stopped = (await kept.load())!;
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

function shelf(mark: WalkMark | null = null): WalkMarks & { readonly saved: WalkMark[] } {
  const saved: WalkMark[] = [];
  return {
    saved,
    everyBlocks: EVERY,
    load: async () => saved.at(-1) ?? mark,
    save: async (made) => {
      saved.push(made);
    },
  };
}

interface Given {
  readonly marks?: WalkMarks;
  readonly signal?: AbortSignal;
  readonly onHeight?: (height: bigint) => void;
  readonly context?: Partial<VerifierContext>;
}

async function verify(
  { context, signal, ...more }: Given,
  { context: whole, target } = archive,
): Promise<VerificationReport> {
  const { signal: calmSignal } = new AbortController();
  return await verifyArchive(
    { ...whole, openTarget: () => openTestSession(target), ...context },
    { now: () => performance.now(), signal: signal ?? calmSignal, ...more },
  );
}

/** Its report, the first height that it walked, and the marks that it made. */
async function goOnFrom(mark: WalkMark | null, given: Given = {}) {
  const heights: bigint[] = [];
  const marks = shelf(mark);
  const report = await verify({ marks, onHeight: (height) => heights.push(height), ...given });
  return { report, first: heights[0], marks: marks.saved };
}

describe("a verification that was stopped", () => {
  it("goes on above its mark, and reports what one does that nobody disturbs", async () => {
    expect(stopped.height).toBe(20n);
    const { report, first } = await goOnFrom(stopped);
    expect(first).toBe(21n);
    expect(report.resumedAbove).toBe(20n);
    expect(calm).not.toHaveProperty("resumedAbove");
    expect(projectionOf(report)).toEqual(projectionOf(calm));
  });

  it("walks nothing again after its end", async () => {
    const { marks } = await goOnFrom(null);
    expect(marks.map(({ height }) => height)).toEqual([10n, 20n, 30n, archive.tipHeight]);
    const { report, first } = await goOnFrom(marks.at(-1)!);
    expect(first).toBeUndefined();
    expect(projectionOf(report)).toEqual(projectionOf(calm));
  });

  it.each([
    ["a table that was written since", (mark: WalkMark) => ({ ...mark, versions: {} })],
    ["another question", (mark: WalkMark) => ({ ...mark, question: "" })],
    ["a height above the tip", (mark: WalkMark) => ({ ...mark, height: 1_000n })],
  ])("begins anew with a mark of %s", async (_what, spoil) => {
    const { report, first } = await goOnFrom(spoil(stopped));
    expect(first).toBe(1n);
    expect(report.ok).toBe(true);
  });

  describe("before its target grew", () => {
    let grown: SampleArchive;
    let mark: WalkMark;
    beforeAll(async () => {
      grown = await openSampleArchive({ stopAtHeight: 25 });
      const { context, tipHeight } = grown;
      expect(tipHeight).toBe(25n);
      const marks = shelf();
      const anchor = { ...context.anchor, vouchedBy: "source" } as const;
      const asked = { anchor, forkGenesisConfigUrl: undefined };
      expect((await verify({ marks, context: asked }, grown)).ok).toBe(true);
      mark = marks.saved.find(({ height }) => height === 20n)!;
      await grown.goOn();
    });
    afterAll(() => grown[Symbol.asyncDispose]());

    /** Without the fork's configuration, which is that of another tip. */
    const comparedIn = ({ checks }: VerificationReport) =>
      checks
        .filter(({ id }) => id !== "fork-config-equal")
        .map(({ id, compared }) => [id, compared]);

    const goOn = async () => {
      const { anchor } = archive.context;
      const heights: bigint[] = [];
      const given = {
        marks: shelf(mark),
        onHeight: (height: bigint) => heights.push(height),
        context: {
          anchor: { ...anchor, vouchedBy: "source" },
          forkGenesisConfigUrl: undefined,
        } as const,
      };
      return { report: await verify(given, grown), heights };
    };

    it("goes on above its mark, and says what a verification at once says", async () => {
      const { report, heights } = await goOn();
      expect(report.tip.height).toBe(archive.tipHeight);
      expect([heights[0], heights.length]).toEqual([21n, Number(archive.tipHeight) - 20]);
      expect(report.ok).toBe(true);
      expect(comparedIn(report)).toEqual(comparedIn(calm));
      expect(report.digests).toEqual(calm.digests);
    });

    it("begins anew where a row of then was written again", async () => {
      const { target } = grown.context;
      await target.query("update blocks set height = height where height = 15");
      const { report, heights } = await goOn();
      expect([report.ok, heights[0]]).toEqual([true, 1n]);
    });
  });

  it("begins anew where a block is trusted that it did not ask of", async () => {
    const { anchor } = archive.context;
    const vouchedBy = anchor.vouchedBy === "operator" ? "source" : "operator";
    const context = { anchor: { ...anchor, vouchedBy } } as const;
    const { first } = await goOnFrom(stopped, { context });
    expect(first).toBe(1n);
  });

  it.each<[string, CommandGrounds]>([
    ["signatures", { signatures: { which: "new" }, agree: 1 }],
    ["more sources", { signatures: { which: "none" }, agree: 2 }],
  ])("begins anew where commands are to rest on %s, too", async (_what, grounds) => {
    const { first } = await goOnFrom(stopped, { context: { grounds } });
    expect(first).toBe(1n);
  });

  it("says no where the accounts below its mark are not those of the mark's block", async () => {
    const { ledgerHash } = calm.tip;
    const { report } = await goOnFrom({ ...stopped, ledgerHash: ledgerHash as LedgerHash });
    const failed = report.checks.filter(({ ok }) => !ok).map(({ id }) => id);
    expect(failed).toEqual(["ledger-hash-at-every-block"]);
  });

  it.each([
    ["a column", WITH_A_DEFAULT],
    ["a label of an enum", "alter type chain_status_type rename value 'canonical' to 'kept'"],
  ])("begins anew where %s says something else in rows that nobody wrote", async (_what, sql) => {
    const { target } = archive.context;
    await target.query("begin");
    try {
      await target.query(sql);
      const heights: bigint[] = [];
      const report = await verifySnapshot(archive.context, {
        now: () => performance.now(),
        signal: new AbortController().signal,
        marks: shelf(stopped),
        onHeight: (height) => heights.push(height),
      });
      expect(report.ok).toBe(false);
      expect(heights[0]).toBe(1n);
    } finally {
      await target.query("rollback");
    }
  });

  it("finds what was changed below its mark, and makes no mark above a difference", async () => {
    const { target } = archive.context;
    await target.query("begin");
    try {
      await target.query("update blocks set last_vrf_output = 'x' where height = 15");
      const marks = shelf(stopped);
      const heights: bigint[] = [];
      const report = await verifySnapshot(archive.context, {
        now: () => performance.now(),
        signal: new AbortController().signal,
        marks,
        onHeight: (height) => heights.push(height),
      });
      expect(report.ok).toBe(false);
      expect(heights[0]).toBe(1n);
      expect(marks.saved.map(({ height }) => height)).toEqual([10n]);
    } finally {
      await target.query("rollback");
    }
  });
});
