import assert from "node:assert/strict";
import { endsWell, type Law } from "../law.ts";
import { runStage } from "../run-stage.ts";

export const inspectionWritesNothing: Law = {
  name: "a run that only looks writes nothing",
  async holds({ openSandbox, stage }) {
    await using sandbox = await openSandbox();
    const before = await sandbox.contents();
    await endsWell(runStage(sandbox, stage, { isVerified: false }), "a look");
    assert.deepEqual(await sandbox.contents(), before);
  },
};
