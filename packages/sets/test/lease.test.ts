// The lease of a store: one run at a time, also over machines, and none for ever.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { TryAgainError } from "@forklift/pipeline";
import type { Store } from "@forklift/storage";
import { processStart } from "@forklift/system";
import { NETWORK, namesIn, one, testStores } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import {
  acquireLease,
  LEASE_LIMITS,
  type LeaseLimits,
  type LeaseOptions,
  leaseName,
} from "../src/lease.ts";

const NOON = Date.parse("2024-06-05T12:00:00Z");

const { emulator, folder, bucket } = testStores();

/** A clock of the test's own: leases live ten minutes on it. */
function stage(store: Store) {
  const told: string[] = [];
  let at = NOON;
  return {
    told,
    pass(ms: number) {
      at += ms;
    },
    acquire: (work: string, limits: LeaseLimits = LEASE_LIMITS, more: Partial<LeaseOptions> = {}) =>
      acquireLease({
        ...{ store, network: NETWORK, work, limits, ...more },
        date: () => new Date(at),
        warn: (message) => void told.push(message),
      }),
    /** Writes the lease as another process would have. */
    async forge(change: object) {
      const name = leaseName(NETWORK);
      const found = (await store.read(name))!;
      const holder = { ...JSON.parse(found.content.toString()), ...change };
      await store.replace(name, Buffer.from(JSON.stringify(holder)), found.version);
    },
  };
}

const ELSEWHERE = { id: "00000000-0000-4000-8000-000000000000", host: "elsewhere", work: "prime" };

describe.each([
  ["a folder", folder],
  ["a bucket", bucket],
])("the lease of %s", (_what, open) => {
  test("is one run's, says whose and until when, and goes back", async () => {
    const store = open();
    const { acquire, pass } = stage(store);
    {
      await using lease = await acquire("daily");
      const refused = acquire("store prune");
      await expect(refused).rejects.toThrow(TryAgainError);
      await expect(refused).rejects.toThrow(
        `${store.url} is leased by daily on ${hostname()} (process ${process.pid}), which began at ` +
          "2024-06-05T12:00:00.000Z and holds it until 2024-06-05T12:10:00.000Z",
      );
      pass(5 * 60_000);
      await lease.confirm();
      await expect(acquire("daily")).rejects.toThrow("until 2024-06-05T12:15:00.000Z");
    }
    expect(await namesIn(store)).toEqual([]);
    return await (await acquire("final"))[Symbol.asyncDispose]();
  });

  test("is taken over when its time is up, and its former holder notices", async () => {
    const { acquire, pass, told } = stage(open());
    await using former = await acquire("daily");
    pass(LEASE_LIMITS.timeToLiveMs + 1);
    await using lease = await acquire("final");
    expect(told).toEqual([expect.stringContaining("took over a lease that has ended: daily on ")]);
    await expect(former.confirm()).rejects.toThrow(
      /lost the lease of .*: final on .* took it over/,
    );
    expect(former.lost()).toBeInstanceOf(TryAgainError);
    expect(former.signal.aborted).toBe(true);
    return await lease.confirm();
  });
});

test("a lease is taken over from a process that is known to have ended, and from no other", async () => {
  const { acquire, forge } = stage(folder());
  await using _first = await acquire("daily");
  const { pid } = spawnSync(process.execPath, ["--version"]);
  await forge({ pid });
  await using second = await acquire("daily");
  // The same number, but another process: the container was started again.
  await forge({ process: `${await ownNamespace()} 1`, id: ELSEWHERE.id });
  await using third = await acquire("daily");
  expect(second.lost()).toBeNull();
  await forge({ ...ELSEWHERE, pid });
  await expect(acquire("daily")).rejects.toThrow("leased by prime on elsewhere");
  const first = `${await ownNamespace()} ${processStart(1)}`;
  await forge({ ...ELSEWHERE, host: hostname(), pid: 1, process: first });
  await expect(acquire("daily")).rejects.toThrow("(process 1)");
  await expect(third.confirm()).rejects.toThrow("lost the lease");
});

test("a run on another machine is waited for while it may be dead, and refused once it lives", async () => {
  const { acquire, forge, pass, told } = stage(folder());
  await using _first = await acquire("daily");
  await forge(ELSEWHERE);
  const limits = { ...LEASE_LIMITS, heartbeatMs: 5 };
  const stop = new AbortController();
  const wait = { signal: stop.signal };
  const stopped = expect(acquire("daily", limits, { wait })).rejects.toThrow("prime on elsewhere");
  await expect
    .poll(() => told)
    .toEqual([expect.stringContaining("whether it still lives: prime on")]);
  stop.abort();
  await stopped;

  const patient = { wait: { signal: new AbortController().signal } };
  const refused = expect(acquire("daily", limits, patient)).rejects.toThrow(
    "until 2024-06-05T12:11:00.000Z",
  );
  await expect.poll(() => told).toHaveLength(2);
  await forge({ expires: "2024-06-05T12:11:00.000Z" });
  await refused;

  const second = acquire("daily", limits, patient);
  pass(11 * 60_000 + 1);
  await using _taken = await second;
  expect(told.at(-1)).toContain("took over a lease that has ended: prime on elsewhere");
});

test("a lease of a later version is respected until its time is up", async () => {
  const { acquire, forge, pass } = stage(folder());
  await using _first = await acquire("daily");
  await forge({ ...ELSEWHERE, version: 2, holder: "in other words", pid: "none" });
  await expect(acquire("daily")).rejects.toThrow("leased by prime on elsewhere (process 0)");
  pass(LEASE_LIMITS.timeToLiveMs + 1);
  return await (await acquire("daily"))[Symbol.asyncDispose]();
});

async function ownNamespace(): Promise<string> {
  const store = folder();
  await using _lease = await stage(store).acquire("look");
  const { content } = (await store.read(leaseName(NETWORK)))!;
  return (JSON.parse(content.toString()) as { process: string }).process.split(" ")[0]!;
}

test("its heart beats: it is renewed, and its loss ends the run", async () => {
  const store = folder();
  const { acquire, forge, pass } = stage(store);
  await using lease = await acquire("daily", { ...LEASE_LIMITS, heartbeatMs: 1 });
  pass(60_000);
  for (let expires = ""; expires !== "2024-06-05T12:11:00.000Z"; ) {
    const { content } = (await store.read(leaseName(NETWORK)))!;
    ({ expires } = JSON.parse(content.toString()) as { expires: string });
  }
  const lost = once(lease.signal, "abort");
  while (lease.lost() === null) await forge(ELSEWHERE);
  await lost;
  // Found there, or in the way of the renewal.
  expect(lease.lost()!.message).toMatch(/prime on elsewhere|another run took it over/);
});

test("a store that is away costs the lease only when its time is up", async () => {
  const { acquire, pass, told } = stage(bucket());
  await using lease = await acquire("daily", { ...LEASE_LIMITS, heartbeatMs: 1 });
  emulator().faults.add({ times: "always", action: { kind: "status", status: 400 } });
  const lost = once(lease.signal, "abort");
  while (told.length === 0) await new Promise(setImmediate);
  expect(told[0]).toContain("could not renew the lease of gs://sets/");
  expect(lease.lost()).toBeNull();
  pass(LEASE_LIMITS.timeToLiveMs + 1);
  await lost;
  emulator().faults.clear();
  expect(lease.lost()!.message).toContain("lost the lease of gs://sets/");
});

const LATER = new Date(NOON + LEASE_LIMITS.timeToLiveMs + LEASE_LIMITS.clockDifferenceMs + 1_000);

describe.each([
  ["a folder", folder],
  ["a bucket", bucket],
])("in %s, what is no lease of now holds nobody:", (_what, open) => {
  const good = {
    ...{ version: 1, ...ELSEWHERE, pid: 7, process: "1 2" },
    ...{ acquired: "2024-06-05T11:59:00Z", expires: "2024-06-05T12:09:00Z" },
  };
  test.each<[string, string]>([
    ["torn", '{"version": 1, "id"'],
    ["empty", ""],
    ["no object", "[]"],
    ["deep", "[".repeat(400_000)],
    ["larger than any lease", " ".repeat(1_100_000)],
    ["without a time", JSON.stringify({ ...good, expires: undefined })],
    ["of no time", JSON.stringify({ ...good, expires: "NaN" })],
    ["of a day that is not", JSON.stringify({ ...good, expires: "2024-02-30T00:00:00Z" })],
    ["of a negative year", JSON.stringify({ ...good, expires: "-000001-01-01T00:00:00Z" })],
    ["of a time in milliseconds", JSON.stringify({ ...good, expires: NOON + 60_000 })],
    ["with what a terminal obeys", JSON.stringify({ ...good, host: "\u001b[2Jhost" })],
    ["of the year 9999", JSON.stringify({ ...good, expires: "9999-12-31T23:59:59Z" })],
    ["later than a lease can", JSON.stringify({ ...good, expires: LATER.toISOString() })],
    ["the same, of a later version", JSON.stringify({ version: 2, expires: LATER.toISOString() })],
  ])("%s", async (_how, content) => {
    const store = open();
    await store.write(leaseName(NETWORK), one(Buffer.from(content)));
    const { acquire, told } = stage(store);
    await using lease = await acquire("daily");
    await lease.confirm();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/took over a lease that has ended|it is no lease/);
  });

  test("one of a clock that is a little ahead holds", async () => {
    const store = open();
    const expires = new Date(LATER.getTime() - 2_000).toISOString();
    const lease = JSON.stringify({ ...good, expires });
    await store.write(leaseName(NETWORK), one(Buffer.from(lease)));
    await expect(stage(store).acquire("daily")).rejects.toThrow(`holds it until ${expires}`);
  });
});

test("a clock that stands still does not make a run wait for ever", async () => {
  const { acquire, forge } = stage(folder());
  await using _first = await acquire("daily");
  await forge({ ...ELSEWHERE, expires: new Date(NOON + 40).toISOString() });
  const limits = { timeToLiveMs: 50, clockDifferenceMs: 0, heartbeatMs: 10 };
  const wait = { signal: new AbortController().signal };
  await expect(acquire("daily", limits, { wait })).rejects.toThrow("leased by prime on elsewhere");
});
