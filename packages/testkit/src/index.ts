export * from "./gcs-emulator/index.ts";
export * from "./mainnet.ts";
export * from "./plain-role.ts";
export * from "./run-forklift.ts";
export * from "./server-fingerprint.ts";
export { serverUrl } from "./shared-server.ts";
export * from "./statement-kinds.ts";
export * from "./test-database.ts";
export * from "./zstd-writer.ts";
