export * from "./pipeline.ts";
export { copyBlocks } from "./stages/copy-blocks.ts";
export type * from "./world.ts";
