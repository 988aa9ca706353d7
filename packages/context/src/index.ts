export * from "./network-of.ts";
export * from "./open-context.ts";
export * from "./run-in-target.ts";
export * from "./sessions.ts";
export { temporaryDatabase } from "./temporary-database.ts";
export * from "./work-directory.ts";
