import { SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { copyBlocks } from "../../src/stages/copy-blocks.ts";
import { emptySource, openMigration } from "../migration-sandbox.ts";
import { DAMAGED_COPY, FOREIGN_MARKS_OF_COPY } from "./damaged-copy.ts";

stageLaws({
  makes: "rows",
  stage: copyBlocks,
  openSandbox: () => openMigration("create-schema"),
  empty: {
    openSandbox: async () => openMigration("create-schema", { source: await emptySource() }),
    ends: SourceDataError,
  },
  wrongInputs: {
    "a block whose parent is another's": {
      spoil: ({ changeSource }) =>
        changeSource(
          `update blocks set parent_hash = (select state_hash from blocks where height = 2 limit 1)
           where height = 9 and chain_status = 'canonical'`,
        ),
      error: SourceDataError,
    },
    "a gap in the chain": {
      spoil: ({ changeSource }) =>
        changeSource("update blocks set chain_status = 'orphaned' where height = 12"),
      error: SourceDataError,
    },
    "a block file that is another's": {
      spoil: ({ changeBlockFile }) => changeBlockFile(7, "{}"),
      error: SourceDataError,
    },
    "a command that the block file does not have": {
      spoil: ({ changeSource }) =>
        changeSource(
          `update user_commands set fee = fee + 1 where id =
           (select user_command_id from blocks_user_commands join blocks b on b.id = block_id
            where b.chain_status = 'canonical' order by b.height limit 1)`,
        ),
      error: SourceDataError,
    },
  },
  damage: DAMAGED_COPY,
  foreignMarks: FOREIGN_MARKS_OF_COPY,
});
