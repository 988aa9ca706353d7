import assert from "node:assert/strict";
import { NO_CRASH } from "../crash-points.ts";
import type { Law } from "../law.ts";

export const planWritesNothing: Law = {
  name: "a plan writes nothing",
  async holds({ openSandbox, stage }) {
    await using sandbox = await openSandbox();
    const before = await sandbox.contents();
    {
      await using opened = await sandbox.open(NO_CRASH);
      await stage.plan(opened.context);
    }
    assert.deepEqual(await sandbox.contents(), before);
  },
};
