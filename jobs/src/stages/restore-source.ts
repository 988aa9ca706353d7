// Step 1 of a job: the newest dump of the old archive, restored into a database of the job's own. One that
// is cut off or damaged leaves nothing there, and the one before is taken where that is allowed.

import { requireSchema } from "@forklift/archive";
import { DamagedDataError, SourceDataError, type WholeStage } from "@forklift/pipeline";
import { datedDumps } from "@forklift/sets";
import type { JobContext } from "../context/job-context.ts";
import type { SourceDump } from "../context/job-inputs.ts";
import { restoredRows, restoreObject } from "./restore-object.ts";

interface Plan {
  readonly dump: string;
  /** Of the packed file. */
  readonly bytes: bigint;
}

export const restoreSource: WholeStage<JobContext, Plan> = {
  id: "restore-source",
  kind: "whole",

  async plan({ sourceDump, source }) {
    if (sourceDump === null) {
      return { skip: `the live archive ${source!.maskedUrl} is read directly` };
    }
    return { dump: sourceDump.name, bytes: sourceDump.bytes };
  },

  async run(context, _plan, watch) {
    for (;;) {
      const dump = context.sourceDump!;
      const { work, dumpsPassedOver } = context;
      await work.note({ sourceDump: dump.name, dumpsPassedOver: [...dumpsPassedOver] });
      try {
        const { store, name } = dump;
        const { result, digest } = await restoreObject(context.sourceUrl!, { store, name }, watch);
        context.sourceDump = { ...dump, digest };
        return { ...result, leftBehind: { ...result.leftBehind, ...passedOver(context) } };
      } catch (error) {
        if (!(error instanceof DamagedDataError)) throw error;
        context.sourceDump = await dumpBefore(context, error);
      }
    }
  },

  /** @throws ConfigError that says what the dump is of, when it is no pre-fork archive of our release. */
  async verify({ source }) {
    await requireSchema(source!, { role: "source", era: "mainnet" });
    return await restoredRows(source!);
  },
};

/** @throws SourceDataError when there is none, or an older one is not allowed. */
async function dumpBefore(
  { sourceDump, network, job, isOlderDumpAllowed, dumpsPassedOver, warn }: JobContext,
  fault: DamagedDataError,
): Promise<SourceDump> {
  const { store, name } = sourceDump!;
  const dumps = await datedDumps(store, network.dumps.prefix);
  const at = dumps.findIndex((dump) => dump.name === name);
  const before = at === -1 ? undefined : dumps[at + 1];
  if (before === undefined) throw fault;
  if (!isOlderDumpAllowed) {
    // Of the jobs only daily has the option.
    const way = job === "daily" ? "--allow-older-dump" : "--set schedule.allowOlderDump=true";
    throw new SourceDataError(`${store.url}/${name}: ${fault.message}`, {
      cause: fault,
      hint: `${fault.hint}; ${way} goes on with ${before.name}`,
    });
  }
  warn(`passed over the dump ${name}: ${fault.message}; ${before.name} is taken, as was told`);
  dumpsPassedOver.push({ name, reason: fault.message });
  return { ...before, store };
}

function passedOver({ dumpsPassedOver }: JobContext): Record<string, number> {
  return dumpsPassedOver.length === 0 ? {} : { "dumps passed over": dumpsPassedOver.length };
}
