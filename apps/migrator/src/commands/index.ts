// The commands of the migrator, for its own program and for `forklift`.

import type { AddCommand, CommandLine } from "@forklift/console";
import { addAuditCommand } from "./audit.ts";
import { addMigrateCommand } from "./migrate.ts";

export const migratorCommands: readonly AddCommand[] = [addAuditCommand, addMigrateCommand];

/** The program of its own. */
export const migrator: CommandLine = {
  name: "forklift-migrator",
  description: "Copies a pre-fork Mina archive into a Berkeley archive, with precomputed blocks.",
  commands: migratorCommands,
};
