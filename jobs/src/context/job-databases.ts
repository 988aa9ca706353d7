// The databases of a job: those that its configuration names, and databases of the run for the others, on a
// server of the operator's or on one that is started for the run. What was committed in them is there again
// when the run was interrupted and goes on.

import type { Context } from "@forklift/context";
import { openRunDatabase, type Session, startServer, sweepScratch } from "@forklift/postgres";
import type { Config } from "../config/schema.ts";
import { serverFolder, type WorkFolder } from "../work/work-folder.ts";

export interface JobDatabases {
  /** Null where every row comes from block files. */
  readonly source: Session | null;
  readonly sourceUrl: string | null;
  readonly target: Session;
  /** A second session on the target, which can only read. */
  readonly targetReader: Session;
  readonly targetUrl: string;
}

/**
 * Opened in this order, to be closed in the reverse one: server, sessions.
 * @param givenTargetUrl null makes a target for the run.
 */
export async function openDatabases(
  opened: Context,
  { source: given, postgres }: Pick<Config, "source" | "postgres">,
  givenTargetUrl: string | null,
  work: WorkFolder,
): Promise<JobDatabases> {
  const restoresSource = given.database === undefined && !given.blocks;
  const needsServer = restoresSource || givenTargetUrl === null;
  const serverUrl = needsServer ? await serverUrlOf(opened, postgres, work) : null;
  const ofRun = (purpose: "source" | "target") =>
    openRunDatabase(work.databasesOn(serverUrl!), purpose);
  const sourceUrl = restoresSource ? await ofRun("source") : (given.database ?? null);
  const targetUrl = givenTargetUrl ?? (await ofRun("target"));
  const source = sourceUrl === null ? null : await opened.reader(sourceUrl);
  const target = await opened.newTarget(targetUrl);
  const targetReader = await opened.reader(targetUrl);
  return { source, sourceUrl, target, targetReader, targetUrl };
}

async function serverUrlOf(
  opened: Context,
  postgres: Config["postgres"],
  work: WorkFolder,
): Promise<string> {
  if (postgres.url !== undefined) {
    await sweepScratch(postgres.url);
    return postgres.url;
  }
  const binaries = postgres.embedded === true ? "embedded" : "auto";
  const keptIn = serverFolder(work.path);
  const { inform } = opened;
  return opened.keep(await startServer({ binaries, keptIn, inform })).url;
}
