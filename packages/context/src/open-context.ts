// The context of a command or of a job: everything it works on, opened by one scope and closed in the
// reverse order, however the work ends.

import { requireOwnSchema, requireSchema } from "@forklift/archive";
import type { RunEnvironment } from "@forklift/console";
import type { Session } from "@forklift/postgres";
import {
  type BlockSources,
  type BlockSourcesOptions,
  openBlockSources,
} from "@forklift/precomputed";
import { openReader, openSource, openTarget, type ReaderLimits } from "./sessions.ts";
import { temporaryDatabase } from "./temporary-database.ts";
import { openWorkDirectory } from "./work-directory.ts";

export interface Context extends AsyncDisposable {
  /** Reports to the operator what does not stop the run. */
  readonly warn: (message: string) => void;
  /** Reports to the operator how the run goes. */
  readonly inform: (message: string) => void;
  /** A folder for the files of this run; made on first use. */
  workPath(): Promise<string>;
  /** Closes the resource with everything else. Returns it. */
  keep<Resource extends AsyncDisposable>(resource: Resource): Resource;
  /**
   * The old archive, read only.
   * @throws ConfigError when the database at the URL is none.
   */
  source(url: string, limits?: ReaderLimits): Promise<Session>;
  /** Any database, read only. */
  reader(url: string, limits?: ReaderLimits): Promise<Session>;
  /**
   * The Berkeley archive, read only.
   * @throws ConfigError when the database at the URL is none.
   */
  targetReader(url: string): Promise<Session>;
  /**
   * The Berkeley archive with the lock of a run.
   * @throws ConfigError when the database at the URL is none, or not of the schema that we write, TryAgainError when another run holds it.
   */
  target(url: string): Promise<Session>;
  /**
   * The database that a run fills, with its lock. One that is missing is made, and is taken back when
   * nothing came of it.
   * @throws TryAgainError when another run holds it.
   */
  newTarget(url: string): Promise<Session>;
  /** Precomputed blocks, with this run's folder for scratch files. */
  blocks(options: Omit<BlockSourcesOptions, "scratchDirectory" | "warn">): Promise<BlockSources>;
}

export function openContext({ log }: Pick<RunEnvironment, "log">): Context {
  const opened: AsyncDisposable[] = [];
  const warn = (message: string) => log.warn(message);
  const keep = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
    opened.push(resource);
    return resource;
  };
  let work: Promise<string> | null = null;
  const workPath = () => {
    work ??= openWorkDirectory().then((directory) => keep(directory).path);
    return work;
  };
  const berkeley = async (session: Session): Promise<Session> => {
    await requireSchema(keep(session), { role: "target", era: "berkeley" });
    return session;
  };
  return {
    warn,
    inform: (message) => log.info(message),
    workPath,
    keep,
    source: async (url, limits) => keep(await openSource(url, limits)),
    reader: async (url, limits) => keep(await openReader(url, limits)),
    targetReader: async (url) => await berkeley(await openReader(url)),
    async target(url) {
      const target = await berkeley(await openTarget(url));
      await requireOwnSchema(target);
      return target;
    },
    async newTarget(url) {
      keep(await temporaryDatabase(url));
      return keep(await openTarget(url));
    },
    blocks: async (options) =>
      keep(await openBlockSources({ ...options, scratchDirectory: await workPath(), warn })),
    async [Symbol.asyncDispose]() {
      for (const resource of opened.reverse()) {
        // A server that went away takes its databases with it, or the next run's sweep does: what the
        // run came to does not depend on it.
        try {
          await resource[Symbol.asyncDispose]();
        } catch (error) {
          warn(`could not clean up: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    },
  };
}
