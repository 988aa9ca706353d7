export * from "./batch-size.ts";
export * from "./errors.ts";
export * from "./file-error.ts";
export * from "./read-ahead.ts";
export * from "./report.ts";
export * from "./run-stages.ts";
export * from "./stage.ts";
export { maskUrlSecrets, secretsInUrl } from "./url-secrets.ts";
export * from "./url-user.ts";
