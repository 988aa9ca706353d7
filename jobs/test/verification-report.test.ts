import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseLedgerHash, parseStateHash } from "@forklift/chain";
import { expect, test } from "vitest";
import { reportPath, writeReport } from "../src/stages/verification-report.ts";

const stateHash = parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ");
const ledgerHash = parseLedgerHash("jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee");

/** Linux has it: each write to it finds the disk full. */
const FULL_DISK = "/dev/full";

test.skipIf(!existsSync(FULL_DISK))("a full disk means: try again", async () => {
  const workPath = await mkdtemp(path.join(tmpdir(), "forklift-report-"));
  await symlink(FULL_DISK, reportPath({ workPath }));
  const writing = writeReport(
    { workPath },
    {
      ok: true,
      answer: "yes",
      notProven: [],
      anchor: { height: 8n, stateHash, vouchedBy: "preset" },
      tip: { height: 8n, stateHash, ledgerHash },
      fromHeight: 1n,
      checks: [],
      dropped: [],
      coverage: { columns: 0, proven: 0, unproven: [], by: {}, restsOn: {} },
      digests: {},
      rowCounts: {},
      exceptions: [],
      versions: {},
      elapsedMs: 1,
    },
  );
  await expect(writing).rejects.toMatchObject({
    exit: "tryAgain",
    message: `cannot write ${reportPath({ workPath })}: ENOSPC (no space is left)`,
  });
  await rm(workPath, { recursive: true });
});
