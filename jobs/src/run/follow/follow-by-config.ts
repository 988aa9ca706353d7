// `follow` by a configuration: with a record in its store, notices, and sets on a schedule.

import { firstError } from "@forklift/pipeline";
import type { Config } from "../../config/schema.ts";
import { networkOfConfig, publishingStoreUrl } from "../../context/configured-inputs.ts";
import { followConfigOf } from "../../context/follow-config.ts";
import type { JobEnvironment } from "../../observe/job-environment.ts";
import { tellOfFalseStart, watchRun } from "../../observe/run-recorder.ts";
import { verifyFollowed } from "../../stages/verify-followed.ts";
import { type FollowOptions, type FollowSummary, runFollow } from "./follow.ts";
import { FOLLOW, openPublisher } from "./publisher.ts";

export async function followByConfig(
  config: Config,
  options: FollowOptions,
  environment: JobEnvironment,
): Promise<FollowSummary> {
  const watch = await startWatch(config, environment);
  let isTold = false;
  const told = {
    ...watch,
    failed: async (error: unknown) => {
      isTold = true;
      await watch.failed(error);
    },
  };
  try {
    await using publisher = await openPublisher({ config, runId: watch.id }, environment);
    const run = { config: followConfigOf(config), options, watch: told, publisher };
    const summary = await runFollow(run, environment);
    await watch.succeeded({ published: summary.published > 0 });
    return summary;
  } catch (error) {
    const first = firstError(error);
    if (!isTold) await watch.failed(first);
    throw first;
  }
}

async function startWatch(config: Config, environment: JobEnvironment) {
  try {
    followConfigOf(config);
    publishingStoreUrl(config);
    const network = await networkOfConfig(config);
    return await watchRun({
      ...{ config, options: FOLLOW, network: network.name },
      ...{ verifyStage: verifyFollowed.id, environment },
    });
  } catch (error) {
    await tellOfFalseStart({ config, options: FOLLOW, environment }, error);
    throw error;
  }
}
