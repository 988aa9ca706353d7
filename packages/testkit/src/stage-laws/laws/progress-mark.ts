import { progressMarks } from "@forklift/archive";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { NO_CRASH } from "../crash-points.ts";
import type { BatchFixture, Sandbox } from "../fixture.ts";
import { assertRefused } from "../law.ts";
import { runStage } from "../run-stage.ts";

/** Whoever may write to the target may write anything there; JSON's kinds, and no cursor among them. */
const TORN_MARKS = [{}, [], "torn", 7];

/** Of stages that have progress marks. */
export const wrongMarkIsRefused = {
  name: "a foreign or torn progress mark is refused",
  async holds<Context extends { readonly target: Session }, Box extends Sandbox<Context>>({
    openSandbox,
    stage,
    foreignMarks,
  }: BatchFixture<Context, Box>): Promise<void> {
    await using sandbox = await openSandbox();
    const torn = TORN_MARKS.map((mark) => [`the mark ${JSON.stringify(mark)}`, mark] as const);
    await using opened = await sandbox.open(NO_CRASH);
    const { target } = opened.context;
    for (const [what, mark] of [...torn, ...Object.entries(foreignMarks)]) {
      await target.transaction(() => progressMarks(target).save(target, stage.id, mark));
      const run = () => runStage(sandbox, stage, { isVerified: false });
      await assertRefused(sandbox, run, { what, error: ConfigError });
    }
  },
};
