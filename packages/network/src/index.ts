export * from "./fork-genesis.ts";
export * from "./genesis-ledger.ts";
export * from "./ledger-hash-exceptions.ts";
export * from "./load-network.ts";
export type * from "./network.ts";
export * from "./preset.ts";
