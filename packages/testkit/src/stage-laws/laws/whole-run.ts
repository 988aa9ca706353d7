import assert from "node:assert/strict";
import { endsWell, type Law } from "../law.ts";
import { runStage } from "../run-stage.ts";

export const wholeRunVerifies: Law = {
  name: "a whole run does its work, and verifies",
  async holds({ openSandbox, stage }) {
    await using sandbox = await openSandbox();
    const { report } = await endsWell(runStage(sandbox, stage), "a whole run");
    assert.equal(report.skipped, undefined, "the fixture left it nothing to do");
  },
};
