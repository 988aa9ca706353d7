export * from "./date-text.ts";
export * from "./defined.ts";
export * from "./file-error.ts";
export * from "./free-space.ts";
export * from "./issues-text.ts";
export { maskNamedSecrets } from "./named-secrets.ts";
export * from "./parsed-text.ts";
export * from "./plain-file.ts";
export * from "./process-mark.ts";
export {
  commandLineOf,
  peakMemory,
  peakMemoryOfProcess,
  processStart,
  signalProcess,
} from "./process-table.ts";
export * from "./retry.ts";
export * from "./size-text.ts";
export { stateFolder } from "./state-folder.ts";
export * from "./tls-fault.ts";
export * from "./units.ts";
export * from "./untouched.ts";
export * from "./url-secrets.ts";
export * from "./url-user.ts";
