export type * from "./faults.ts";
export {
  type GcsEmulator,
  type GcsEmulatorOptions,
  type SeenRequest,
  startGcsEmulator,
} from "./gcs-emulator.ts";
