import { assertRefused, endsWell, type Law } from "../law.ts";
import { runStage } from "../run-stage.ts";

export const emptyInputIsHandled: Law = {
  name: "an empty input ends well, or in a typed error that leaves no trace",
  async holds({ empty, stage }) {
    await using sandbox = await empty.openSandbox();
    const run = () => runStage(sandbox, stage, { isVerified: false });
    if (empty.ends === "well") await endsWell(run(), "a run on an empty input");
    else await assertRefused(sandbox, run, { what: "an empty input", error: empty.ends });
  },
};
