// An archive that has gone on after the fork: above the history of protocol 1.x it holds blocks of later
// protocol versions, which are nobody's to migrate, to replay or to take back.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

/**
 * Reads only. A target whose versions lie in disorder is for the verification to say no to.
 * @throws ConfigError when blocks of a later protocol version stand above those of protocol 1.x.
 */
export async function requireNoLaterBlocks(target: Session): Promise<void> {
  const [first] = await target.query<{
    height: string;
    state_hash: string;
    version: string;
    last_height: string;
    count: string;
  }>(
    `with last as (
       select max(b.height) as height
       from blocks b join protocol_versions v on v.id = b.protocol_version_id where v.transaction = 2
     )
     select b.height, b.state_hash, concat_ws('.', v.transaction, v.network, v.patch) as version,
            last.height as last_height, count(*) over () as count
     from last, blocks b join protocol_versions v on v.id = b.protocol_version_id
     where v.transaction > 2
       and not exists (
         select from blocks lower join protocol_versions lower_v on lower_v.id = lower.protocol_version_id
         where lower_v.transaction > 2 and lower.height <= last.height)
     order by b.height, b.state_hash limit 1`,
  );
  if (first === undefined) return;
  const { height, state_hash, version, last_height, count } = first;
  throw new ConfigError(
    `the target ${target.maskedUrl} goes on after the fork: above height ${last_height} stand blocks of later ` +
      `protocol versions (${count}), the first ${state_hash} at height ${height} of version ${version}; ` +
      "expected the history of protocol 1.x alone",
    {
      hint:
        "leave this archive as it is, and give a target that ends with the last pre-fork block, such as a " +
        "published set restored into a database of its own",
    },
  );
}
