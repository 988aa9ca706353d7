// Where the built programs lie.

import { fileURLToPath } from "node:url";

const FILES = {
  forklift: "jobs/bin/forklift.js",
  "forklift-migrator": "apps/migrator/bin/forklift-migrator.js",
  "forklift-replayer": "apps/replayer/bin/forklift-replayer.js",
} as const;

export type Program = keyof typeof FILES;

export const PROGRAMS = Object.keys(FILES) as readonly Program[];

/** The main file of a program. */
export function programFile(program: Program): string {
  return fileURLToPath(new URL(`../../../${FILES[program]}`, import.meta.url));
}
