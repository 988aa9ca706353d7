// The old archive of the sample network and a target, for one law: what most stages work on. The
// databases go with the run's server: to drop one takes a checkpoint, five times what it took to make it.

import { connect, type Session } from "@forklift/postgres";
import { databaseContents } from "../database-contents.ts";
import { oncePerRun } from "../once-per-run.ts";
import { openTestDatabase, type TestDatabase, type TestTemplate } from "../test-database.ts";
import type { CrashPoints } from "./crash-points.ts";
import { lawArchive } from "./law-archive.ts";

export interface TestArchives {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  /** Runs SQL on a copy of the source that is the law's own from then on. */
  changeSource(sql: string): Promise<void>;
  changeTarget(sql: string): Promise<void>;
  contents(): Promise<Record<string, Record<string, string>>>;
}

export interface TestArchivesOptions {
  /** What the target holds; default: nothing. */
  readonly target?: TestTemplate;
  /** What the source holds; default: the sample's old archive. */
  readonly source?: TestTemplate;
}

export async function openTestArchives(options: TestArchivesOptions = {}): Promise<TestArchives> {
  const source = options.source ?? (await lawArchive()).source;
  const target = await openTestDatabase(options.target);
  let own: TestDatabase | undefined;
  let sourceUrl = await sharedCopy(source);
  return {
    get sourceUrl() {
      return sourceUrl;
    },
    targetUrl: target.url,
    async changeSource(sql) {
      own ??= await openTestDatabase(source);
      sourceUrl = own.url;
      await runSql(sourceUrl, sql);
    },
    changeTarget: (sql) => runSql(target.url, sql),
    async contents() {
      return {
        source: await databaseContents(sourceUrl),
        target: await databaseContents(target.url),
      };
    },
  };
}

export interface ArchiveSessions extends AsyncDisposable {
  readonly source: Session;
  readonly target: Session;
}

/** As a run opens them. */
export async function openSessions(
  { sourceUrl, targetUrl }: Pick<TestArchives, "sourceUrl" | "targetUrl">,
  crash: CrashPoints,
): Promise<ArchiveSessions> {
  const target = await connectTo(await crash.database(targetUrl));
  const source = await connect(sourceUrl, { applicationName: "forklift test", readOnly: true });
  return {
    source,
    target,
    async [Symbol.asyncDispose]() {
      await target.close();
      await source.close();
    },
  };
}

/** A database that is never connected to, filled once a run from a copy of another or from nothing. */
export async function templateOf(
  name: string,
  fill: (url: string) => Promise<void>,
  from?: TestTemplate,
): Promise<TestTemplate> {
  return await oncePerRun(name, async () => {
    const database = await openTestDatabase(from);
    await fill(database.url);
    return { name: database.name };
  });
}

/** Read by every law that does not change it. */
async function sharedCopy(template: TestTemplate): Promise<string> {
  const { url } = await oncePerRun(`copy-of-${template.name}`, async () => {
    return { url: (await openTestDatabase(template)).url };
  });
  return url;
}

async function runSql(url: string, sql: string): Promise<void> {
  await using session = await connectTo(url);
  await session.query(sql);
}

async function connectTo(url: string): Promise<Session> {
  return await connect(url, { applicationName: "forklift test" });
}
