// Writes docs/commands.md anew. `npm run docs:commands`, after a build.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { buildProgram } from "@forklift/console";
import { forklift } from "../dist/commands/index.js";
import { commandReference } from "./command-reference.js";

const PAGE = path.join(import.meta.dirname, "../../docs/commands.md");

// Building the program asks nothing of its host; only a command that runs does.
writeFileSync(PAGE, commandReference(buildProgram(forklift, {}, () => undefined)));
