// Whether a target holds every block up to its tip. The tip alone says where a migration goes on, so a
// block that is lost below it would come to light when everything is written, or not at all.

import type { Session } from "@forklift/postgres";
import { changedTarget } from "./changed-target.ts";

/**
 * Reads only.
 * @throws ConfigError when a height up to the tip has no canonical block, or more than one.
 */
export async function requireWholeTarget(target: Session): Promise<void> {
  // Counted from genesis, a block above a lost one stands in a lower place than its height, and a block
  // above two of one height in a higher place. The lower of both numbers is where it began.
  const [row] = await target.query<{ tip: string | null; found: string; fault: string }>(
    `select (select max(height) from blocks) as tip, count(*) as found,
            coalesce(min(least(height, place)) filter (where height <> place), count(*) + 1) as fault
     from (select height, row_number() over (order by height) as place
           from blocks where chain_status = 'canonical') canonical`,
  );
  const { tip, found, fault } = row!;
  if (tip === null || BigInt(fault) > BigInt(tip)) return;
  throw changedTarget(
    `the target ${target.maskedUrl} has ${found} canonical blocks up to its tip at height ${tip}, ` +
      `expected ${tip}, one at each height: the first fault is at height ${fault}`,
  );
}
