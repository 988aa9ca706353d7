import { assertRefused, type Law } from "../law.ts";
import { runStage } from "../run-stage.ts";

export const wrongInputLeavesNoTrace: Law = {
  name: "wrong input ends in its typed error, and leaves no trace",
  async holds({ openSandbox, stage, wrongInputs }) {
    for (const [what, { spoil, error }] of Object.entries(wrongInputs)) {
      await using sandbox = await openSandbox();
      await spoil(sandbox);
      const run = () => runStage(sandbox, stage, { isVerified: false });
      await assertRefused(sandbox, run, { what, error });
    }
  },
};
