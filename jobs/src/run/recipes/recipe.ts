import type { History } from "@forklift/chain";
import { adoptBranches, chooseRange, copyBranches, migrationOf } from "@forklift/migrator";
import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { JobContext } from "../../context/job-context.ts";
import { whyPublished } from "../../stages/is-published.ts";

/** The stages of a job, in order. Cleaning up is not among them: it happens however a job ends. */
export type Recipe = readonly Stage<JobContext, Session>[];

/**
 * The migration of a job. What has come beside the chain waits for the next block on it: a set stands for the
 * tip of the chain, and a target that holds more than its set would be another one.
 */
export function migrationOfJob(history: History): Recipe {
  return migrationOf(history).map((stage) =>
    stage === adoptBranches || stage === copyBranches ? unlessPublished(stage) : stage,
  );
}

function unlessPublished(stage: Recipe[number]): Recipe[number] {
  return {
    ...stage,
    async plan(context) {
      const published = await whyPublished(context);
      const isAtEnd = published !== null && (await hasNothingNew(context));
      return isAtEnd ? { skip: published } : await stage.plan(context);
    },
  };
}

/** A source may also be older than the set: an earlier dump. */
async function hasNothingNew(context: JobContext): Promise<boolean> {
  const { chain, targetTip } = await chooseRange(context, { targetHasSchema: true });
  return targetTip !== null && chain.tip.height <= targetTip.height;
}
