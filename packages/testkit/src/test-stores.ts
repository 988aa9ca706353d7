// Stores of a test file's own, each of them new: folders, and prefixes in a bucket of an emulator.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openStore, type Store } from "@forklift/storage";
import { afterAll, beforeAll, vi } from "vitest";
import { type GcsEmulator, startGcsEmulator } from "./gcs-emulator/index.ts";

export interface TestStores {
  /** There once the tests run. */
  readonly emulator: () => GcsEmulator;
  readonly folder: () => Store;
  readonly bucket: () => Store;
}

/** To be called at the top of a test file. */
export function testStores(): TestStores {
  let home: string;
  let emulator: GcsEmulator;
  let stores = 0;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-stores-"));
    emulator = await startGcsEmulator({ dir: path.join(home, "buckets") });
    await emulator.createBucket("sets");
    vi.stubEnv("STORAGE_EMULATOR_HOST", emulator.url);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  return {
    emulator: () => emulator,
    folder: () => openStore(`${home}/folder-${++stores}/`),
    bucket: () => openStore(`gs://sets/${++stores}/`),
  };
}
