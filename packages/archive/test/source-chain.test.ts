import { SourceDataError, UsageError } from "@forklift/pipeline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditSource } from "../src/source-audit.ts";
import {
  chainBlockAt,
  type SourceChain,
  type StopPoint,
  selectChain,
} from "../src/source-chain.ts";
import { chain, hashOf, type OldArchive, openOldArchive } from "./old-archive.ts";

/**
 *   g - a - b - c - d - e        canonical up to c, then pending
 *       |        \  d2 - e2      pending, as high as d - e
 *       x - y                    orphaned; z, a child of y, is pending
 */
const BLOCKS = [
  ...chain("g-a-b-c", { parent: null, height: 1 }, "canonical"),
  ...chain("d-e", { parent: "c", height: 5 }, "pending"),
  ...chain("d2-e2", { parent: "c", height: 5 }, "pending"),
  ...chain("x-y", { parent: "g", height: 2 }, "orphaned"),
  ...chain("z", { parent: "y", height: 4 }, "pending"),
  ...chain("side", { parent: "b", height: 4 }, "pending"),
  ...chain("island", { parent: "unknown", height: 5 }, "pending"),
];

const stop = (point: { hash?: string; height?: bigint }): StopPoint => ({
  forkStateHash: point.hash === undefined ? null : hashOf(point.hash),
  stopAtHeight: point.height ?? null,
});

const names = (selected: SourceChain) => ({
  tip: BLOCKS.find(({ name }) => hashOf(name) === selected.tip.stateHash)?.name,
  canonicalHeight: selected.canonicalHeight,
  tail: selected.tail.map(
    ({ stateHash }) => BLOCKS.find(({ name }) => hashOf(name) === stateHash)?.name,
  ),
});

describe("selectChain", () => {
  let archive: OldArchive;
  beforeAll(async () => {
    archive = await openOldArchive(BLOCKS);
  });
  afterAll(() => archive[Symbol.asyncDispose]());

  test("ends at the highest canonical block by default", async () => {
    const selected = await selectChain(archive.session, stop({}));
    expect(names(selected)).toEqual({ tip: "c", canonicalHeight: 4n, tail: [] });
  });

  test.each([
    ["a pending block", { hash: "e" }, { tip: "e", canonicalHeight: 4n, tail: ["d", "e"] }],
    ["its rival", { hash: "e2" }, { tip: "e2", canonicalHeight: 4n, tail: ["d2", "e2"] }],
    ["a block below the canonical tip", { hash: "b" }, { tip: "b", canonicalHeight: 3n, tail: [] }],
    ["a canonical height", { height: 2n }, { tip: "a", canonicalHeight: 2n, tail: [] }],
    [
      "hash and height that agree",
      { hash: "e", height: 6n },
      { tip: "e", canonicalHeight: 4n, tail: ["d", "e"] },
    ],
  ])("ends in %s when it is named", async (_what, point, expected) => {
    expect(names(await selectChain(archive.session, stop(point)))).toEqual(expected);
  });

  test.each([
    ["an orphaned block", { hash: "y" }, `block ${hashOf("y")} at height 3 is orphaned`],
    ["a child of an orphan", { hash: "z" }, "descends from an orphaned block"],
    ["a block off the canonical chain", { hash: "side" }, "leaves the canonical chain at height 3"],
    ["a block behind a gap", { hash: "island" }, "whose parent is missing"],
    ["an unknown block", { hash: "nobody" }, `the source has no block ${hashOf("nobody")}`],
    [
      "a height above all blocks",
      { height: 9n },
      "the source ends at height 6, --stop-at-height says 9",
    ],
    [
      "a height where two tips tie",
      { height: 6n },
      "two chains of height 6 part at or below height 6",
    ],
    ["a height below such a tie but above their parting", { height: 5n }, hashOf("e2")],
  ])("refuses %s, saying why", async (_what, point, sentence) => {
    const selecting = selectChain(archive.session, stop(point));
    await expect(selecting).rejects.toThrow(sentence);
    await expect(selecting).rejects.toThrow(SourceDataError);
  });

  test("refuses hash and height that disagree as wrong usage", async () => {
    const selecting = selectChain(archive.session, stop({ hash: "e", height: 5n }));
    await expect(selecting).rejects.toThrow(UsageError);
  });

  test("answers which block of the chain stands at a height", async () => {
    const { session } = archive;
    const selected = await selectChain(session, stop({ hash: "e2" }));
    const at = async (height: bigint) => (await chainBlockAt(session, selected, height))?.stateHash;
    expect(await at(2n)).toBe(hashOf("a"));
    expect(await at(5n)).toBe(hashOf("d2"));
    expect(await at(7n)).toBeUndefined();
  });

  test("two tips that tie above the stop height are no matter when they share it", async () => {
    await using shared = await openOldArchive([
      ...chain("g-a", { parent: null, height: 1 }, "canonical"),
      ...chain("p", { parent: "a", height: 3 }, "pending"),
      ...chain("q", { parent: "p", height: 4 }, "pending"),
      ...chain("r", { parent: "p", height: 4 }, "pending"),
    ]);
    const selected = await selectChain(shared.session, stop({ height: 3n }));
    expect(selected.tip).toEqual({ height: 3n, stateHash: hashOf("p") });
    expect(selected.tail).toEqual([selected.tip]);
  });

  test("an archive without a canonical block is refused", async () => {
    await using empty = await openOldArchive([]);
    await expect(selectChain(empty.session, stop({}))).rejects.toThrow("no canonical block");
  });
});

describe("auditSource", () => {
  const audit = async (blocks: typeof BLOCKS, more = "select 1") => {
    await using archive = await openOldArchive(blocks);
    await archive.session.query(more);
    return await auditSource(archive.session, await selectChain(archive.session, stop({})));
  };

  test("finds nothing in a whole chain, whatever lies beside it", async () => {
    expect(await audit(BLOCKS)).toEqual([]);
  });

  test("names the missing block by the parent hash of its child", async () => {
    const gap = BLOCKS.filter(({ name }) => name !== "b");
    expect(await audit(gap)).toMatchObject([
      {
        height: 3n,
        fault: "no canonical block at height 3",
        missing: { height: 3n, stateHash: hashOf("b") },
      },
    ]);
  });

  test("finds two canonical blocks at one height", async () => {
    const findings = await audit([
      ...BLOCKS,
      ...chain("twin", { parent: "a", height: 3 }, "canonical"),
    ]);
    expect(findings[0]).toMatchObject({ fault: "2 canonical blocks at height 3", missing: null });
  });

  test("finds a parent that is not the block below, with both hashes", async () => {
    const broken = BLOCKS.map((block) =>
      block.name === "c" ? { ...block, parent: "nobody" } : block,
    );
    const [finding] = await audit(broken);
    expect(finding?.fault).toContain(`has parent ${hashOf("nobody")}`);
    expect(finding?.fault).toContain(`the canonical block below it is ${hashOf("b")}`);
  });

  test.each([
    ["an unknown failure reason", "payment", "'failed'", "'Because'"],
    ["a type that the new schema has not", "create_token", "'applied'", "null"],
    ["a failure without a reason", "payment", "'failed'", "null"],
    ["a reason without a failure", "payment", "'applied'", "'Overflow'"],
  ])("finds a command with %s", async (_what, type, status, reason) => {
    const [finding] = await audit(
      BLOCKS,
      `insert into balances (public_key_id, balance, block_id, block_height, block_sequence_no,
         block_secondary_sequence_no) values (1, 1, 1, 1, 0, 0);
       insert into user_commands (type, fee_payer_id, source_id, receiver_id, fee_token, token,
         nonce, fee, memo, hash) values ('${type}', 1, 1, 1, 1, 1, 0, 1, 'memo', 'Ckp');
       insert into blocks_user_commands (block_id, user_command_id, sequence_no, status,
         failure_reason, fee_payer_balance) values (2, 1, 0, ${status}, ${reason}, 1)`,
    );
    expect(finding).toMatchObject({ height: 2n, stateHash: hashOf("a") });
    expect(finding?.fault).toContain("command Ckp of type");
  });
});
