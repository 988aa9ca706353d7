export { Crc32c } from "./crc32c.ts";
export * from "./digest-stream.ts";
export { openObject, openStore, splitObjectUrl } from "./open-store.ts";
export { readAll } from "./read-all.ts";
export * from "./store.ts";
export { isPath, maskUrl, parseStoreUrl } from "./store-url.ts";
export { TruncatedError } from "./truncated-error.ts";
