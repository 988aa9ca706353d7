import { beforeAll, describe, expect, test } from "vitest";
import { auditSource } from "../src/audit/source-audit.ts";
import { selectChain } from "../src/source/source-chain.ts";
import {
  auditDocument,
  auditError,
  filesToFetch,
  type SourceAudit,
} from "../src/source/source-finding.ts";
import { chain, type HandMadeBlock, hashOf, openOldArchive } from "./old-archive.ts";

const CHAIN = chain("g-a-b-c-d-e", { parent: null, height: 1 }, "canonical");
const DEFAULT_STOP = { forkStateHash: null, stopAtHeight: null };

const without = (...names: string[]) => CHAIN.filter(({ name }) => !names.includes(name));
const altered = (name: string, change: Partial<HandMadeBlock>) =>
  CHAIN.map((block) => (block.name === name ? { ...block, ...change } : block));
const fileOf = (height: number, name: string) => `mainnet-${height}-${hashOf(name)}.json`;

async function audit(
  blocks: readonly HandMadeBlock[],
  more = "select 1",
  above = 0n,
): Promise<SourceAudit> {
  await using archive = await openOldArchive(blocks);
  const { session } = archive;
  await session.query(more);
  const selected = await selectChain(session, DEFAULT_STOP, "mainnet");
  return await auditSource(session, selected, { network: "mainnet", above });
}

/** A command and a block that includes it, by the name of the block. */
const COMMANDS = `
  insert into balances (public_key_id, balance, block_id, block_height, block_sequence_no,
    block_secondary_sequence_no) values (1, 1, 1, 1, 0, 0);`;

interface Included {
  readonly hash: string;
  readonly block: string;
  readonly at?: number;
  readonly set?: string;
}

function payment({ hash, block, at = 0, set = "" }: Included): string {
  return `
    insert into user_commands (type, fee_payer_id, source_id, receiver_id, fee_token, token, nonce,
      amount, fee, memo, hash) values ('payment', 1, 1, 1, 1, 1, 0, 5, 1, 'memo', '${hash}')
      on conflict do nothing;
    insert into blocks_user_commands (block_id, user_command_id, sequence_no, status,
      fee_payer_balance)
    select b.id, c.id, ${at}, 'applied', 1 from blocks b, user_commands c
    where b.state_hash = '${hashOf(block)}' and c.hash = '${hash}';
    ${set};`;
}

function internal({ hash, block, at = 0 }: Included, type = "coinbase"): string {
  return `
    insert into internal_commands (type, receiver_id, fee, token, hash)
      values ('${type}', 1, 720, 1, '${hash}') on conflict do nothing;
    insert into blocks_internal_commands (block_id, internal_command_id, sequence_no,
      secondary_sequence_no, receiver_balance)
    select b.id, c.id, ${at}, 0, 1 from blocks b, internal_commands c
    where b.state_hash = '${hashOf(block)}' and c.hash = '${hash}';`;
}

describe("the audit of a chain's links", () => {
  test("finds nothing in a whole chain", async () => {
    const found = await audit(CHAIN);
    expect(found).toEqual({ findings: [], counts: {}, stoppingCount: 0 });
  });

  test("names a missing block, its parent and its file by the hash that its child holds", async () => {
    const { findings, counts } = await audit(without("b"));
    expect(findings[0]).toMatchObject({
      kind: "missing-block",
      height: 3n,
      stateHash: hashOf("b"),
      parentHash: hashOf("a"),
      mend: { action: "add", files: [fileOf(3, "b")] },
      stopsMigration: true,
    });
    expect(findings[0]?.fault).toContain("no canonical block at height 3");
    expect(counts).toEqual({ "missing-block": 1 });
  });

  test("tells how long a gap is, and names the one file that can be known", async () => {
    const { findings } = await audit(without("a", "b"));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ height: 3n, stateHash: hashOf("b"), parentHash: null });
    expect(findings[0]?.fault).toContain("no canonical block at heights 2 to 3 (2 blocks)");
    expect(filesToFetch(findings)).toEqual([fileOf(3, "b")]);
  });

  test("names every gap", async () => {
    const { findings, stoppingCount } = await audit(without("a", "c"));
    expect(findings.map(({ height }) => height)).toEqual([2n, 4n]);
    expect(stoppingCount).toBe(2);
  });

  test("a chain that begins above height 1 lacks its beginning", async () => {
    const { findings } = await audit(without("g", "a"));
    expect(findings[0]?.fault).toContain("no canonical block at heights 1 to 2 (2 blocks)");
    expect(filesToFetch(findings)).toEqual([fileOf(2, "a")]);
  });

  test("a block that is there and only marked wrong needs no file", async () => {
    const { findings } = await audit(altered("b", { status: "orphaned" }));
    expect(findings).toMatchObject([
      {
        kind: "chain-status",
        height: 3n,
        stateHash: hashOf("b"),
        mend: null,
        stopsMigration: true,
      },
    ]);
    expect(findings[0]?.fault).toContain("is orphaned, but it is an ancestor of the canonical");
  });

  test.each([
    ["alone", ["g"]],
    ["with the block above it", ["g", "a"]],
  ])("a genesis block that is marked wrong, %s, lacks nothing below it", async (_what, names) => {
    const marked = CHAIN.map((block) =>
      names.includes(block.name) ? { ...block, status: "orphaned" as const } : block,
    );
    const { findings, counts } = await audit(marked);
    expect(counts).toEqual({ "chain-status": 1 });
    expect(filesToFetch(findings)).toEqual([]);
  });

  test("looks below a block that is marked wrong for the one that is missing", async () => {
    const marked = without("a").map((block) =>
      block.name === "b" ? { ...block, status: "pending" as const } : block,
    );
    const { findings } = await audit(marked);
    expect(findings.map(({ kind, height }) => [kind, height])).toContainEqual([
      "missing-block",
      2n,
    ]);
    expect(filesToFetch(findings)).toContain(fileOf(2, "a"));
  });

  test("finds a height that is not that of the parent and one more", async () => {
    const { findings } = await audit(
      CHAIN.map((block) => (block.height > 3 ? { ...block, height: block.height + 1 } : block)),
    );
    expect(findings).toMatchObject([
      { kind: "height", height: 5n, stateHash: hashOf("c"), parentHash: hashOf("b") },
    ]);
    expect(findings[0]?.fault).toContain(
      `has height 5, but its parent ${hashOf("b")} has height 3`,
    );
  });

  test("tells which of two canonical blocks at one height has no child", async () => {
    const twin = chain("twin", { parent: "a", height: 3 }, "canonical");
    const { findings } = await audit([...CHAIN, ...twin]);
    expect(findings).toMatchObject([
      { kind: "two-canonical", height: 3n, stateHash: hashOf("twin"), parentHash: hashOf("a") },
    ]);
    expect(findings[0]?.fault).toContain("2 canonical blocks at height 3");
  });

  test.each([
    ["missing", "nobody", "add", fileOf(3, "nobody"), "which is missing"],
    ["another canonical block", "a", "replace", fileOf(4, "c"), "which is canonical at height 2"],
  ])(
    "a parent that is %s is told with both hashes and a file",
    async (_what, parent, action, file, says) => {
      const { findings } = await audit(altered("c", { parent }));
      const link = findings.find(({ kind }) => kind === "parent-link");
      expect(link).toMatchObject({
        height: 4n,
        stateHash: hashOf("c"),
        parentHash: hashOf(parent),
      });
      expect(link?.fault).toContain(says);
      expect(link?.fault).toContain(`the canonical block below it is ${hashOf("b")}`);
      expect(link?.mend).toEqual({ action, files: [file] });
    },
  );

  test("a parent id that points elsewhere stops nobody, and is told", async () => {
    const { findings, stoppingCount } = await audit(
      CHAIN,
      `update blocks set parent_id = 1 where state_hash = '${hashOf("c")}'`,
    );
    expect(findings).toMatchObject([{ kind: "parent-id", height: 4n, stopsMigration: false }]);
    expect(stoppingCount).toBe(0);
  });
});

describe("the audit of blocks' contents", () => {
  test.each([
    [
      "an unknown failure reason",
      "update blocks_user_commands set status = 'failed', failure_reason = 'Because'",
    ],
    ["a type that the new schema has not", "update user_commands set type = 'create_token'"],
    ["a failure without a reason", "update blocks_user_commands set status = 'failed'"],
    ["a reason without a failure", "update blocks_user_commands set failure_reason = 'Overflow'"],
    ["a payment of nothing", "update user_commands set amount = null"],
    ["a negative fee", "update user_commands set fee = -1"],
    ["another token", "update user_commands set token = 2"],
  ])("finds a command with %s, and the file that tells better", async (_what, set) => {
    const { findings } = await audit(
      CHAIN,
      COMMANDS +
        payment({ hash: "Ckp", block: "a", set }) +
        internal({ hash: "CkC", block: "a", at: 1 }),
    );
    expect(findings).toMatchObject([
      {
        kind: "unknown-command",
        height: 2n,
        stateHash: hashOf("a"),
        parentHash: hashOf("g"),
        mend: { action: "replace", files: [fileOf(2, "a")] },
        stopsMigration: true,
      },
    ]);
    expect(findings[0]?.fault).toContain("command Ckp of type");
  });

  test("finds an internal command of another token", async () => {
    const { findings } = await audit(
      CHAIN,
      `${COMMANDS}${internal({ hash: "CkC", block: "a" })} update internal_commands set token = 2`,
    );
    expect(findings[0]?.fault).toContain("internal command CkC of type coinbase");
  });

  test("finds a command that two blocks of the chain include", async () => {
    const coinbases = ["a", "c"].map((block) => internal({ hash: "CkC", block, at: 1 }));
    const { findings } = await audit(
      CHAIN,
      COMMANDS +
        payment({ hash: "Ckp", block: "a" }) +
        payment({ hash: "Ckp", block: "c" }) +
        coinbases.join(""),
    );
    expect(findings).toMatchObject([{ kind: "repeated-command", height: 4n }]);
    expect(findings[0]?.fault).toContain("command Ckp again, which the block at height 2 includes");
  });

  test("finds a command that one block includes twice", async () => {
    const { findings } = await audit(
      CHAIN,
      COMMANDS +
        payment({ hash: "Ckp", block: "b", at: 0 }) +
        payment({ hash: "Ckp", block: "b", at: 1 }) +
        internal({ hash: "CkC", block: "b", at: 2 }),
    );
    expect(findings).toMatchObject([{ kind: "repeated-command", height: 3n }]);
    expect(findings[0]?.fault).toContain("includes command Ckp twice");
  });

  test("finds the number of a command that got lost", async () => {
    const { findings } = await audit(
      CHAIN,
      COMMANDS +
        payment({ hash: "Ckp1", block: "b", at: 0 }) +
        payment({ hash: "Ckp3", block: "b", at: 2 }) +
        internal({ hash: "CkC", block: "b", at: 3 }),
    );
    expect(findings).toMatchObject([{ kind: "lost-command", height: 3n, stopsMigration: true }]);
    expect(findings[0]?.fault).toContain("has 3 sequence numbers of 4");
    expect(filesToFetch(findings)).toEqual([fileOf(3, "b")]);
  });

  test("finds a lost command also below the greatest number there can be", async () => {
    const { counts } = await audit(
      CHAIN,
      COMMANDS + internal({ hash: "CkC", block: "b", at: 2 ** 31 - 1 }),
    );
    expect(counts).toEqual({ "lost-command": 1 });
  });

  test("a block with commands and no coinbase stops nobody, for the protocol allows it", async () => {
    const { findings } = await audit(CHAIN, COMMANDS + payment({ hash: "Ckp", block: "b" }));
    expect(findings).toMatchObject([{ kind: "no-coinbase", height: 3n, stopsMigration: false }]);
  });

  test("does not look again at commands that an earlier run has copied", async () => {
    const lost = COMMANDS + payment({ hash: "Ckp", block: "b", at: 1 });
    expect((await audit(CHAIN, lost, 2n)).counts).toEqual({ "lost-command": 1 });
    expect((await audit(CHAIN, lost, 3n)).counts).toEqual({});
  });
});

describe("the audit of what lies beside the chain", () => {
  let found: SourceAudit;
  beforeAll(async () => {
    found = await audit(
      [
        ...CHAIN,
        ...chain("p", { parent: "e", height: 7 }, "pending"),
        ...chain("island", { parent: "unknown", height: 9 }, "pending"),
        ...chain("stale", { parent: "a", height: 3 }, "pending"),
        ...chain("orphan", { parent: "nobody", height: 4 }, "orphaned"),
      ],
      `insert into internal_commands (type, receiver_id, fee, token, hash)
       values ('coinbase', 1, 720, 1, 'CkLost')`,
    );
  });

  test("stops nobody", () => {
    expect(found.stoppingCount).toBe(0);
    expect(found.findings.every(({ stopsMigration }) => !stopsMigration)).toBe(true);
  });

  test("names a pending block behind a gap, which a later run would stop at", () => {
    expect(found.findings).toContainEqual(
      expect.objectContaining({
        kind: "missing-block",
        height: 8n,
        stateHash: hashOf("unknown"),
        mend: { action: "add", files: [fileOf(8, "unknown")] },
      }),
    );
  });

  test("names a pending block beside a canonical one, and a command that no block includes", () => {
    const kinds = found.findings.map(({ kind, stateHash, fault }) => [kind, stateHash ?? fault]);
    expect(kinds).toContainEqual(["chain-status", hashOf("stale")]);
    expect(kinds).toContainEqual([
      "command-without-block",
      "no block includes the coinbase CkLost of internal_commands",
    ]);
    expect(found.counts).toEqual({
      "missing-block": 1,
      "chain-status": 1,
      "command-without-block": 1,
    });
  });
});

test("lists the first findings of a kind and tells how many there are", async () => {
  const found = await audit(
    CHAIN,
    `insert into internal_commands (type, receiver_id, fee, token, hash)
     select 'coinbase', 1, 720, 1, 'Ck' || n from generate_series(1, 130) n`,
  );
  expect(found.findings).toHaveLength(100);
  expect(found.counts).toEqual({ "command-without-block": 130 });
});

test("a refusal tells the first faults, the number of the others, and every file", async () => {
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
  const whole = chain(names.join("-"), { parent: null, height: 1 }, "canonical");
  const found = await audit(whole.filter(({ height }) => height % 2 === 1 || height === 20));
  const error = auditError(found);
  expect(error.exit).toBe("sourceData");
  expect(error.message).toMatch(/no canonical block at height 2: .*; and 4 more$/);
  expect(error.details).toMatchObject({ stoppingCount: 9 });
  expect((error.details as { filesToFetch: string[] }).filesToFetch).toHaveLength(9);
});

test("a height that no block can have is told in the sentence, and is null in the document", async () => {
  const found = await audit(
    [...CHAIN, ...chain("far", { parent: "unknown", height: 9 }, "pending")],
    "update blocks set height = 8589934592 where height = 9",
  );
  const [finding] = auditDocument(found).findings;
  expect(finding).toMatchObject({ kind: "missing-block", height: null });
  expect(finding?.fault).toContain("at height 8589934592");
});

test("every file is named, however many there are, and the first findings", async () => {
  const names = Array.from({ length: 250 }, (_, at) => `n${at}`);
  const whole = chain(names.join("-"), { parent: null, height: 1 }, "canonical");
  const found = await audit(whole.filter(({ height }) => height % 2 === 1 || height === 250));
  const document = auditDocument(found);
  const missing = Array.from({ length: 124 }, (_, at) => fileOf(2 * at + 2, `n${2 * at + 1}`));
  expect(document.filesToFetch).toEqual(missing);
  expect(document).toMatchObject({ stoppingCount: 124, hasMoreFiles: false });
  expect(document.counts).toEqual({ "missing-block": 124 });
  expect(document.findings).toHaveLength(100);
  expect(auditError(found).hint).toContain(`${missing[4]} and 119 more; then run again`);
});

test("files that nobody has kept count as more", async () => {
  const found = await audit(without("a", "c"));
  const cut = { ...found, stoppingCount: 3 };
  expect(auditDocument(cut)).toMatchObject({ hasMoreFiles: true });
  const findings = Array.from({ length: 7 }, (_, at) => ({
    ...found.findings[0]!,
    mend: { action: "add", files: [fileOf(at, "a")] } as const,
  }));
  expect(auditError({ ...cut, findings, stoppingCount: 9 }).hint).toContain("at least 2 more");
  expect(auditError({ ...cut, findings, stoppingCount: 7 }).hint).toContain(" and 2 more");
});
