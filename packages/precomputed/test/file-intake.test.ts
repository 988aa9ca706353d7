import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { FileIntake } from "../src/files/file-intake.ts";

const MEBIBYTE = 2 ** 20;
const FILES = 100;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate();
}

/** A hundred files on their way, each of them used when `release` has been called. */
function takeMany(intake: FileIntake, bytes: number) {
  let release!: () => void;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const counts = { begun: 0, used: 0 };
  const taken = Array.from({ length: FILES }, () =>
    intake.take(
      async () => {
        counts.begun++;
        await setImmediate();
        return new Uint8Array(bytes);
      },
      async () => {
        await released;
        counts.used++;
      },
    ),
  );
  return { counts, release, taken: Promise.all(taken) };
}

test("nothing is read while more than 8 MB wait, but what was being read already", async () => {
  const { counts, release, taken } = takeMany(new FileIntake(), MEBIBYTE);
  await settle();
  expect(counts).toEqual({ begun: 8 + 16, used: 0 });
  release();
  await taken;
  expect(counts).toEqual({ begun: FILES, used: FILES });
});

test("small files wait in any number", async () => {
  const { counts, release, taken } = takeMany(new FileIntake(), 1000);
  await settle();
  expect(counts).toEqual({ begun: FILES, used: 0 });
  release();
  await taken;
});

test("what cannot be read or used makes room like what can", async () => {
  const intake = new FileIntake();
  const lost = Array.from({ length: FILES }, (_, at) =>
    intake.take(
      async () => {
        await setImmediate();
        if (at % 2 === 0) throw new Error("cannot be read");
        return new Uint8Array(MEBIBYTE);
      },
      async (file) => {
        throw new Error(`${file?.length} bytes cannot be used`);
      },
    ),
  );
  const results = await Promise.allSettled(lost);
  expect(results.every(({ status }) => status === "rejected")).toBe(true);
  expect(
    await intake.take(
      async () => null,
      async (file) => file,
    ),
  ).toBeNull();
});
