// What a cycle of follow reports of its load is what the server of the source has logged.
// @module-tag only-in-all

import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openContext } from "@forklift/context";
import { startServer, urlWithDatabase } from "@forklift/postgres";
import { KeptTail } from "@forklift/replayer";
import { inProcess, openTestDatabase } from "@forklift/testkit";
import { expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { followConfigOf } from "../../src/context/follow-config.ts";
import { openFollowed } from "../../src/context/follow-context.ts";
import { type CycleReport, runCycle } from "../../src/run/follow/run-cycle.ts";
import { changeInDatabase, livingNetwork, openLivingSource } from "./living-source.ts";
import { followedConfig, quietEnvironment, WIDE_LIMITS } from "./quiet-follow.ts";

const { runJson } = inProcess(forklift);

/** Whatever the height of the source: those of two sessions, of one look, and of its pending blocks. */
const IDLE_STATEMENTS_MAX = 30;

test("the statements that a cycle reports are those that the server has logged, and an idle one sends few", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-source-load-"));
  // A server of our own may run as another user.
  await chmod(home, 0o755);
  await using server = await startServer({ binaries: "auto", keptIn: path.join(home, "pg") });
  const url = urlWithDatabase(server.url, "living");
  const { dumps, folder } = await livingNetwork();
  await runJson(["restore", "--dump", dumps[0]!, "--db", url]);
  await using source = await openLivingSource({
    url,
    name: "living",
    async [Symbol.asyncDispose]() {},
  });
  await using target = await openTestDatabase();
  const places = { folder, home, sourceUrl: url, targetUrl: target.url };
  const config = followedConfig(places);
  const environment = quietEnvironment();
  await using opened = openContext(environment);
  const followed = await openFollowed(opened, followConfigOf(config), environment);
  await using tail = new KeptTail();
  let last: CycleReport | null = null;
  const logOfServer = async () => await readFile(path.join(home, "pg", "server.log"), "utf8");
  /** Its report, and how many statements the server has logged meanwhile. */
  async function cycle() {
    await changeInDatabase({ url }, "alter database living set log_statement = 'all'");
    const before = await logOfServer();
    last = await runCycle(
      followed,
      { limits: WIDE_LIMITS, last, tail, publish: null },
      environment,
    );
    const logged = (await logOfServer()).slice(before.length);
    await changeInDatabase({ url }, "alter database living reset log_statement");
    // A cursor that is read on is the same statement.
    const statements = logged.match(/ LOG: {2}(statement|execute (?!fetch from)[^:]*):/g) ?? [];
    return { report: last, logged: statements.length };
  }

  await source.live(8);
  const first = await cycle();
  expect(first.report.source!.statements).toBe(first.logged);
  await source.live(9);
  const grown = await cycle();
  expect(grown.report.source!.statements).toBe(grown.logged);
  const idle = await cycle();
  expect(idle.report).toMatchObject({ stages: [], source: { statements: idle.logged } });
  expect(idle.logged).toBeLessThanOrEqual(IDLE_STATEMENTS_MAX);
  await rm(home, { recursive: true, force: true });
});
