// What is done to a target whose blocks were copied, from an archive or from block files, and what its mark does not say.

import type { TestArchives } from "@forklift/testkit";

type ChangedTarget = Pick<TestArchives, "changeTarget">;

export const DAMAGED_COPY = {
  removed: ({ changeTarget }: ChangedTarget) =>
    changeTarget(
      `delete from blocks_internal_commands where block_id = (select id from blocks where height = 40);
       delete from blocks_user_commands where block_id = (select id from blocks where height = 40);
       update blocks set parent_id = null where height = 41;
       delete from blocks where height = 40`,
    ),
  added: ({ changeTarget }: ChangedTarget) =>
    changeTarget(
      `create temp table twin as select * from blocks where height = 40;
       update twin set id = 9999, state_hash = 'a stray block';
       insert into blocks select * from twin`,
    ),
  altered: ({ changeTarget }: ChangedTarget) =>
    changeTarget(
      "update blocks set parent_id = (select id from blocks where height = 20) where height = 40",
    ),
};

export const FOREIGN_MARKS_OF_COPY = {
  "a mark of another target": { height: "30", stateHash: "3NKanother" },
  "a mark of genesis in a target without a block": { height: "1", stateHash: "3NKgenesis" },
};
