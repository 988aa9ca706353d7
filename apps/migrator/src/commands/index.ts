// The commands of the migrator, for its own program and for `forklift`.

import type { AddCommand, CommandLine } from "@forklift/console";
import { addAuditCommand } from "./audit.ts";
import { type FollowMigration, migrateCommand } from "./migrate.ts";

/** @param follow what `migrate --follow` does, in a program that can. */
export function migratorCommands(follow: FollowMigration | null): readonly AddCommand[] {
  return [addAuditCommand, migrateCommand(follow)];
}

/** The program of its own. */
export const migrator: CommandLine = {
  name: "forklift-migrator",
  description: "Copies a pre-fork Mina archive into a Berkeley archive, with precomputed blocks.",
  commands: migratorCommands(null),
};
