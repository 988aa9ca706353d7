export * from "./derive-preset.ts";
export * from "./fork-genesis.ts";
export * from "./genesis-ledger.ts";
export * from "./ledger-hash-exceptions.ts";
export * from "./load-network.ts";
export * from "./network.ts";
export * from "./preset.ts";
