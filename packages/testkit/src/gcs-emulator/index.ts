export type * from "./faults.ts";
export {
  type GcsEmulator,
  startGcsEmulator,
} from "./gcs-emulator.ts";
