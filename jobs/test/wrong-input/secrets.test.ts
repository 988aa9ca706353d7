// Whatever a command is given for a URL, and however it refuses it: no password is printed.
// @module-tag only-in-all

import path from "node:path";
import { inProcess } from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { test, writeConfig } from "./fixture.ts";

const { run } = inProcess(forklift);

const PASSWORD = "Zq7-hidden";

/** Nothing listens there. */
const TEXTS = [
  `u:${PASSWORD}@127.0.0.1:1/x`,
  `http:/u:${PASSWORD}@127.0.0.1:1`,
  `postgres:u:${PASSWORD}@127.0.0.1:1`,
  `//u:${PASSWORD}@127.0.0.1:1`,
  `postgres://u:${PASSWORD}@127.0.0.1:1/db`,
  `postgres://u:a@${PASSWORD}#?/@127.0.0.1:1/db`,
  `postgres://127.0.0.1:1/db?password=${PASSWORD}&sslpassword=${PASSWORD}`,
  `host=127.0.0.1 port=1 password='a ${PASSWORD}'`,
  `u%3A${PASSWORD}%40h`,
  `postgres://u%3A${PASSWORD}@127.0.0.1:1/db`,
  `postgres://u: ${PASSWORD}@127.0.0.1:1/db`,
  `postgres://u:a ${PASSWORD}@127.0.0.1:1/db`,
  `postgres://u:a@b/c?${PASSWORD}@127.0.0.1:1/db`,
  `u:${PASSWORD}\n@127.0.0.1:1/x`,
  `http://u:a@b/${PASSWORD}@127.0.0.1:1/x`,
];

describe.concurrent("a password", () => {
  const commands = (text: string): string[][] => [
    ["restore", "--dump", text, "--db", text],
    ["audit", "--source-db", text],
    ["replay", "--target-db", text, "--genesis-ledger", text],
    ["verify", "--target-db", text, "--source-db", text, "--genesis-ledger", text],
    ["unwind", "--target-db", text, "--to-height", "1"],
    ["checkpoint", "ls", "--checkpoints", text],
    ["store", "ls", "--store", text],
    ["store", "copy", "--store", text, "--to", text],
    ["store", "show", text, "--store", "/nowhere"],
    ["audit", "--source-db", "postgres://127.0.0.1:1/db", "--log-level", text],
    [text],
  ];

  test.for(TEXTS)("is in no answer to %s", async (text, { newFolder }) => {
    const folder = await newFolder();
    const config = await writeConfig(folder, {});
    const keys = ["source.database", "target.store", "blocks", "cache.dir", "notify.webhook"];
    const settings = [...keys, "network", "schedule.cron", "postgres.url"].map((key) => [
      ...["config", "--explain", "--config", config, "--set", `${key}=${text}`],
    ]);
    const asked = [...commands(text), ...settings, ["status", "--config", text]];
    for (const args of asked) {
      for (const more of [[], ["--json"]]) {
        const { stdout, stderr } = await run([...args, ...more]);
        expect(stdout + stderr, args.join(" ")).not.toContain(PASSWORD);
      }
    }
  });

  test("of the environment is in none either", async ({ newFolder }) => {
    const folder = await newFolder();
    const config = await writeConfig(folder, {
      blocks: [path.join(folder, PASSWORD)],
      network: path.join(folder, PASSWORD),
    });
    const env = { PGPASSWORD: PASSWORD };
    for (const args of [["config", "--explain", "--config", config], [PASSWORD]]) {
      const { stdout, stderr } = await run([...args, "--json"], { env });
      expect(stdout + stderr).not.toContain(PASSWORD);
    }
  });
});
