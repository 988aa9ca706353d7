export * from "./batch-size.ts";
export * from "./errors.ts";
export * from "./first-error.ts";
export { errorOfCode } from "./machine-error.ts";
export * from "./read-ahead.ts";
export * from "./report.ts";
export * from "./run-stages.ts";
export * from "./stage.ts";
export * from "./stopped.ts";
