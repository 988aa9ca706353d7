// A wrong configuration file: 78, before anything that it names is opened.

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { inProcess } from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { test, writeConfig } from "./fixture.ts";

const { run, expectRefusal } = inProcess(forklift);

describe.concurrent("a configuration", () => {
  test.for<[string, object, string | RegExp]>([
    ["with an unknown key", { targett: {} }, "targett: unknown key"],
    ["with a wrong type", { blocks: 7 }, /blocks/],
    ["with two sources", { source: { dumps: "/d", database: "/b" } }, "give one of dumps"],
    ["with a bad trusted hash", { trustedStateHash: "3NKbad" }, /trustedStateHash/],
    ["with a bad cron expression", { schedule: { cron: "at noon" } }, "not a cron expression"],
  ])("%s is refused with its key", async ([_name, changes, says], { newFolder }) => {
    const config = await writeConfig(await newFolder(), changes);
    for (const command of [["config", "--explain"], ["prime"]]) {
      const args = [...command, "--config", config];
      await expectRefusal(args, { exit: 78, says: [config, says], next: config });
    }
  });

  test("whose sets nobody can write, or whose source is its target, starts no job", async ({
    newFolder,
  }) => {
    const database = { database: "postgres://127.0.0.1:1/a" };
    for (const [changes, says] of [
      [{ target: { store: "https://127.0.0.1:1/x" } }, "the store of the sets is on the web"],
      [{ source: database, target: { store: "/s", ...database } }, "is source.database, too"],
    ] as const) {
      const config = await writeConfig(await newFolder(), changes);
      for (const job of ["config", "prime"]) {
        await expectRefusal([job, "--config", config], { exit: 78, says: [says], next: "name" });
      }
    }
  });

  test("that is missing, or no YAML, or no mapping is refused", async ({ newFolder }) => {
    const folder = await newFolder();
    const config = path.join(folder, "forklift.yaml");
    const args = ["schedule", "--config", config];
    const says = [`cannot read configuration ${config}`];
    await expectRefusal(args, { exit: 78, says: [...says, "ENOENT"], next: "--config" });
    await writeFile(config, "network: [mainnet");
    await expectRefusal(args, { exit: 78, says, next: `mend ${config} there` });
    await writeFile(config, "- mainnet\n");
    await expectRefusal(args, { exit: 78, says: ["is not a YAML mapping"], next: "" });
  });

  test("that is overridden with what is wrong is not to be mended itself", async ({
    newFolder,
  }) => {
    const config = await writeConfig(await newFolder(), {});
    const args = ["config", "--config", config, "--set", "retention.last=many"];
    await expectRefusal(
      args,
      {
        exit: 78,
        says: ["retention.last", "metrics.port"],
        next: "mend --set retention.last and FORKLIFT_METRICS_PORT",
      },
      { env: { FORKLIFT_METRICS_PORT: "http" } },
    );
  });

  test("that is sound is said to be", async ({ newFolder }) => {
    const config = await writeConfig(await newFolder(), {});
    const { exit, stdout } = await run(["config", "--config", config]);
    expect([exit, stdout]).toEqual([0, `${config} is sound; --explain prints its values\n`]);
  });

  test("without a schedule cannot be scheduled", async ({ newFolder }) => {
    await expectRefusal(["schedule", "--config", await writeConfig(await newFolder(), {})], {
      exit: 78,
      says: ["the configuration has no schedule"],
      next: "set schedule.cron",
    });
  });

  test("is not overridden with a key that it does not know", async ({ newFolder }) => {
    const set = ["--set", "target.shop=/tmp"];
    const config = await writeConfig(await newFolder(), {});
    await expectRefusal(["config", "--explain", "--config", config, ...set], {
      exit: 64,
      says: ["--set target.shop is not KEY=VALUE"],
      next: "target.store",
    });
  });
});
