import type { History } from "@forklift/chain";
import {
  adoptBranches,
  chooseRange,
  copyBranches,
  migrationOf,
  migrationOfFiles,
} from "@forklift/migrator";
import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { JobContext } from "../../context/job-context.ts";
import { whyPublished } from "../../stages/is-published.ts";
import { restoreSource } from "../../stages/restore-source.ts";

/** The stages of a job, in order. Cleaning up is not among them: it happens however a job ends. */
export type Recipe = readonly Stage<JobContext, Session>[];

/** What decides which stages a job has. */
export interface RecipeChoice {
  readonly history: History;
  /** Whether there is no archive, and every row comes from block files. */
  readonly isFromBlocks: boolean;
}

/** Where the archive comes from that the job reads; nothing where it reads none. */
export function sourceOfJob({ isFromBlocks }: RecipeChoice): Recipe {
  return isFromBlocks ? [] : [restoreSource];
}

/**
 * The migration of a job. What has come beside the chain waits for the next block on it: a set stands for the
 * tip of the chain, and a target that holds more than its set would be another one.
 */
export function migrationOfJob({ history, isFromBlocks }: RecipeChoice): Recipe {
  const stages: Recipe = isFromBlocks ? migrationOfFiles(history) : migrationOf(history);
  return stages.map((stage) =>
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
