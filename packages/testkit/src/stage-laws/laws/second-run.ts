import assert from "node:assert/strict";
import { endsWell, type Law } from "../law.ts";
import { runStage } from "../run-stage.ts";

export const secondRunChangesNothing: Law = {
  name: "a second run changes nothing",
  async holds({ makes, openSandbox, stage }) {
    await using sandbox = await openSandbox();
    await runStage(sandbox, stage, { isVerified: false });
    const first = await sandbox.contents();
    const again = runStage(sandbox, stage, { isVerified: false });
    const { report } = await endsWell(again, "a second run");
    // A whole is counted anew where it is looked at anew; rows that are there are not written again.
    if (makes === "rows") assert.equal(report.rowCount, 0, "it wrote rows once more");
    assert.deepEqual(await sandbox.contents(), first);
  },
};
