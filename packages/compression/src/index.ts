export * from "./compression-of.ts";
export { damageOf } from "./damaged.ts";
export * from "./gunzip.ts";
export * from "./peek.ts";
export * from "./unzstd.ts";
