export * from "./genesis-ledger.ts";
export * from "./load-network.ts";
export type * from "./network.ts";
export * from "./preset.ts";
