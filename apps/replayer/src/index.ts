export * from "./checkpoint/checkpoint.ts";
export * from "./checkpoint/checkpoint-meta.ts";
export * from "./checkpoint/read-checkpoint.ts";
export * from "./checkpoint/write-checkpoint.ts";
export * from "./pipeline.ts";
export { replayCommands } from "./stages/replay-commands.ts";
export type * from "./world.ts";
