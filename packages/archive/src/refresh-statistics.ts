// Tells the planner what a bulk load has changed: without it, queries over the new rows walk whole
// tables until the server looks by itself, which may be after the job.

import type { Session } from "@forklift/postgres";

/** May be part of a transaction. */
export async function refreshStatistics(target: Session): Promise<void> {
  await target.query("analyze");
}
