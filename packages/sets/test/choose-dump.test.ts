// Which dump a job begins with, and how long it waits for tonight's.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { openStore, type Store } from "@forklift/storage";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseDump, type DumpChoice, type PassedOverDump } from "../src/choose-dump.ts";

const PREFIX = "mainnet-archive-dump";
const nameOf = (stamp: string) => `${PREFIX}-${stamp}.sql.tar.gz`;
const OLD = "2024-06-04_2359";
const TONIGHT = "2024-06-05_0001";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "forklift-dump-"));
  await mkdir(folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const arrive = (stamp: string) => writeFile(path.join(folder, nameOf(stamp)), "");

/** Calls `before` ahead of each listing, and lets a minute pass with each. */
function choose(
  { isOlderAllowed, limitMinutes }: { isOlderAllowed: boolean; limitMinutes: number },
  before: (listing: number) => Promise<void>,
  more: Partial<DumpChoice> = {},
) {
  const store = openStore(`${folder}/`);
  let listings = 0;
  const watched: Store = {
    ...store,
    async *list(prefix) {
      await before(++listings);
      yield* store.list(prefix);
    },
  };
  const dump = chooseDump(watched, PREFIX, {
    wait: { limitMs: limitMinutes * 60_000, isOlderAllowed },
    date: () => new Date("2024-06-05T02:00:00Z"),
    now: () => listings * 60_000,
    signal: new AbortController().signal,
    log: pino({ level: "silent" }),
    pollMs: 0,
    ...more,
  });
  return { dump, listings: () => listings };
}

test("a job waits for tonight's dump, and takes it however late after midnight it was made", async () => {
  await arrive(OLD);
  const before = async (listing: number) => {
    if (listing === 4) await arrive(TONIGHT);
  };
  const { dump, listings } = choose({ isOlderAllowed: false, limitMinutes: 60 }, before);
  expect((await dump).name).toBe(nameOf(TONIGHT));
  expect(listings()).toBe(4);
});

test("when it does not come in time, an older one is taken only if that was told", async () => {
  await arrive(OLD);
  const nothing = async () => undefined;
  const { dump, listings } = choose({ isOlderAllowed: false, limitMinutes: 3 }, nothing);
  await expect(dump).rejects.toThrow(TryAgainError);
  await expect(dump).rejects.toThrow(`no ${PREFIX} of 2024-06-05: the newest is ${nameOf(OLD)}`);
  await expect(dump).rejects.toHaveProperty("hint", expect.stringContaining("--allow-older-dump"));
  expect(listings()).toBe(3);
  const allowed = choose({ isOlderAllowed: true, limitMinutes: 3 }, nothing);
  expect((await allowed.dump).name).toBe(nameOf(OLD));
  expect(allowed.listings()).toBe(3);
});

test("an empty store is waited for, too, and a signal ends the waiting", async () => {
  const stop = new AbortController();
  const choice = { isOlderAllowed: true, limitMinutes: 60 };
  // A pause of an hour, which only the signal can end.
  const before = async () => void setImmediate(() => stop.abort());
  const { dump } = choose(choice, before, { signal: stop.signal, pollMs: 3_600_000 });
  await expect(dump).rejects.toThrow("stopped by a signal during waiting for tonight's dump");
});

test("a dump named more than a day ahead is passed over with a warning, once, and nobody waits for it", async () => {
  await arrive(OLD);
  for (const stamp of [
    "2024-06-06_0201",
    "9999-12-31_2359",
    "2024-06-31_0000",
    "2024-13-01_0000",
  ]) {
    await arrive(stamp);
  }
  const passedOver: string[] = [];
  const passOver = ({ name, reason }: PassedOverDump) => passedOver.push(`${name} ${reason}`);
  const before = async (listing: number) => {
    if (listing === 2) await arrive("2024-06-06_0200");
  };
  const choice = { isOlderAllowed: false, limitMinutes: 60 };
  const { dump } = choose(choice, before, { passOver });
  // A day ahead is of a machine in another time zone.
  expect((await dump).name).toBe(nameOf("2024-06-06_0200"));
  const reason = "it is named more than a day ahead of now";
  const ahead = ["9999-12-31_2359", "2024-06-06_0201"].map((stamp) => `${nameOf(stamp)} ${reason}`);
  expect(passedOver).toEqual(ahead);
});

test("a store with nothing but dumps of the future says so", async () => {
  await arrive("2031-01-01_0000");
  const options = { isOlderAllowed: true, limitMinutes: 0 };
  const { dump } = choose(options, async () => undefined, { wait: null });
  await expect(dump).rejects.toThrow(
    `holds no dump named ${PREFIX} of now: ${nameOf("2031-01-01_0000")} lies more than a day ahead`,
  );
  await expect(dump).rejects.toBeInstanceOf(SourceDataError);
});

test("who does not wait takes the newest there is", async () => {
  await arrive(OLD);
  const { dump } = choose({ isOlderAllowed: false, limitMinutes: 0 }, async () => undefined, {
    wait: null,
  });
  expect((await dump).name).toBe(nameOf(OLD));
});
