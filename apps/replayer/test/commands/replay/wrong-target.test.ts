// A target that is empty, unreachable or in use: nothing is replayed, and it is left as it is.

import { lockDatabase } from "@forklift/postgres";
import {
  CLOSED_PORT,
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  replayArguments,
  archiveTest as test,
} from "@forklift/testkit";
import { describe } from "vitest";
import { replayer } from "../../../src/commands/index.ts";

const { expectRefusal, expectUntouched } = inProcess(replayer);

describe.concurrent("a target", () => {
  test("that holds nothing cannot be replayed", async () => {
    await using target = await openTestDatabase();
    await expectRefusal(["replay", "--target-db", target.url, "--checkpoint", "/nowhere.json"], {
      exit: 78,
      says: ["the target", "holds an empty database, expected a Berkeley archive"],
      next: "give the URL of a Berkeley archive",
    });
  });

  test("whose server is away may be there later", async () => {
    await expectRefusal(["replay", "--target-db", CLOSED_PORT, "--checkpoint", "/c.json"], {
      exit: 75,
      says: ["ECONNREFUSED"],
      next: "run the same command again",
    });
  });

  test.skipIf(isMainnetDataMissing())(
    "that another run has locked may be free later",
    async ({ ahead, checkpoint, newFolder }) => {
      await using target = await openTestDatabase(ahead);
      await using other = await openTestSession(target);
      await lockDatabase(other);
      await expectUntouched(target, replayArguments(target, await newFolder(), checkpoint), {
        exit: 75,
        says: [target.name, 'is locked by "forklift test" (server process'],
        next: "wait for that run to end",
      });
    },
  );
});
