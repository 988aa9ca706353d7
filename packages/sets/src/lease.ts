// The lease of a store: an object that says which run may publish there, and until when. It is renewed
// while the run lives, and taken over when the time is up or the process is known to have ended.

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { parseJson } from "@forklift/chain";
import { ForkliftError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import type { Store, Version } from "@forklift/storage";
import { type Liveness, livenessOf, thisProcess } from "@forklift/system";
import { z } from "zod";

/** Milliseconds. */
export interface LeaseLimits {
  /**
   * How long a run that was killed on another machine keeps the next one waiting; and how long a
   * store may be away before a run gives up. Clocks of machines differ by far less.
   */
  readonly timeToLiveMs: number;
  /** Several may fail before the time is up. */
  readonly heartbeatMs: number;
  /** How far the clocks of two machines may differ. */
  readonly clockDifferenceMs: number;
}

export const LEASE_LIMITS: LeaseLimits = {
  timeToLiveMs: 10 * 60_000,
  heartbeatMs: 60_000,
  clockDifferenceMs: 5 * 60_000,
};

/** It is shown to people: nothing that a terminal would obey. */
const shownText = z.string().regex(/^[ -~]{1,200}$/);

const holderSchema = z.strictObject({
  version: z.literal(1),
  /** Of this lease, not of the process. */
  id: z.uuid(),
  /** What runs: `daily`, `store prune`. */
  work: shownText,
  host: shownText,
  pid: z.int().positive(),
  /** Distinguishes processes with the same number: successive ones, or in different containers. */
  process: z.string(),
  acquired: z.iso.datetime(),
  expires: z.iso.datetime(),
});

export type Holder = z.infer<typeof holderSchema>;

/** What any version must say: until when. Its process is none that we could see. */
const foreignHolderSchema = z
  .object({
    version: z.int().gt(1),
    expires: z.iso.datetime(),
    acquired: z.iso.datetime().catch("an unknown time"),
    work: shownText.catch("another version of forklift"),
    host: shownText.catch("another machine"),
  })
  .transform((holder): Holder => ({ ...holder, version: 1, id: "", pid: 0, process: "" }));

export interface Lease extends AsyncDisposable {
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
  /** Why, once it is lost. */
  lost(): TryAgainError | null;
  /**
   * Renews it. To be called right before what must not be done without it.
   * @throws TryAgainError when it is lost.
   */
  confirm(): Promise<void>;
}

export interface LeaseOptions {
  readonly store: Store;
  readonly network: string;
  readonly work: string;
  readonly date: () => Date;
  readonly warn: (message: string) => void;
  /**
   * Given, a holder on another machine is watched until it renews its lease, and so lives, or lets it
   * run out. Without, it is refused at once.
   */
  readonly wait?: { readonly signal: AbortSignal };
  readonly limits?: LeaseLimits;
}

/** Networks by the leases in a store, in the order of their names. */
export async function networksWithLeases(store: Store): Promise<string[]> {
  const networks: string[] = [];
  for await (const { name } of store.list()) {
    const [, network] = /^([a-z0-9][a-z0-9-]*)-lease\.json$/.exec(name) ?? [];
    if (network !== undefined) networks.push(network);
  }
  return networks.sort();
}

export function leaseName(network: string): string {
  return `${network}-lease.json`;
}

/** @throws TryAgainError naming who holds it and until when. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { store, network, date, warn } = options;
  const name = leaseName(network);
  const id = randomUUID();
  const found = await awaitEnd(options);
  const acquired = date();
  if (found !== null) warn(takenOver(store, found));
  if (found?.version === null) await store.remove(name);
  const first = encode(options, { id, acquired });
  if (!(await store.replace(name, first, found?.version ?? null))) {
    throw refused(store, (await findLease(options))?.holder ?? null);
  }
  return keep(options, { id, acquired });
}

export interface FoundLease {
  /** Null for what is larger than any lease, which cannot be compared. */
  readonly version: Version | null;
  /** Null when what is there is no lease, which nobody can hold. */
  readonly holder: Holder | null;
  /** Of its process, as far as this machine sees it. */
  readonly liveness: Liveness;
  /** Why nobody holds it; null while it is in force. */
  readonly free: string | null;
}

/** What stands in the store; null when there is nothing. */
export async function findLease({
  store,
  network,
  date,
  limits = LEASE_LIMITS,
}: Pick<LeaseOptions, "store" | "network" | "date" | "limits">): Promise<FoundLease | null> {
  const found = await readVersioned(store, leaseName(network));
  if (found === null) return null;
  const holder = found.content === null ? null : decode(found.content);
  if (holder === null) {
    return { version: found.version, holder, liveness: "unknown", free: "it is no lease" };
  }
  const liveness = livenessOfHolder(holder);
  return { version: found.version, holder, liveness, free: whyFree(holder, date(), limits) };
}

/**
 * Removes what was found.
 * @throws TryAgainError when it is another by now.
 */
export async function removeLease(
  { store, network }: Pick<LeaseOptions, "store" | "network">,
  { version }: FoundLease,
): Promise<void> {
  const name = leaseName(network);
  if (version === null) return await store.remove(name);
  if (await store.replace(name, null, version)) return;
  throw new TryAgainError(`the lease ${store.url}/${name} was renewed or taken over meanwhile`, {
    hint: "a run is at work; look again with forklift store unlock",
  });
}

/** Content that is larger than any lease has neither a version nor a holder. */
async function readVersioned(
  store: Store,
  name: string,
): Promise<{ readonly version: Version | null; readonly content: Buffer | null } | null> {
  try {
    return await store.read(name);
  } catch (error) {
    if (error instanceof SourceDataError) return { version: null, content: null };
    throw error;
  }
}

function takenOver(store: Store, { holder, free }: FoundLease): string {
  if (holder === null) return `replaced ${store.url}'s lease: ${free}`;
  return `took over a lease that has ended: ${shownHolder(holder)}; ${free}`;
}

/**
 * What stands in the store when no run holds its lease. A holder that may be dead is watched for as long as
 * a lease can last, and no longer.
 * @throws TryAgainError when a run holds it.
 */
async function awaitEnd(options: LeaseOptions): Promise<FoundLease | null> {
  const { store, warn, wait, limits = LEASE_LIMITS } = options;
  const roundsMax = Math.ceil(longestMs(limits) / limits.heartbeatMs) + 1;
  let watched: Holder | null = null;
  for (let round = 0; ; round++) {
    const found = await findLease(options);
    if (found === null || found.holder === null || found.free !== null) return found;
    const { holder, liveness } = found;
    const isRenewed = watched !== null && holder.expires !== watched.expires;
    const isOver = wait === undefined || wait.signal.aborted || round === roundsMax;
    if (isOver || isRenewed || liveness !== "unknown") throw refused(store, holder);
    if (watched === null) warn(`waiting to see whether it still lives: ${shownHolder(holder)}`);
    await delay(limits.heartbeatMs, undefined, { signal: wait.signal }).catch(() => undefined);
    watched = holder;
  }
}

interface Held {
  readonly id: string;
  readonly acquired: Date;
}

function keep(options: LeaseOptions, held: Held): Lease {
  const { store, network, date, warn, limits = LEASE_LIMITS } = options;
  const name = leaseName(network);
  const ended = new AbortController();
  let loss: TryAgainError | null = null;
  let expiresMs = held.acquired.getTime() + limits.timeToLiveMs;
  /** Renewals wait for each other: two at once would look like two runs. */
  let turn: Promise<void> = Promise.resolve();

  function lose(reason: string): TryAgainError {
    loss ??= new TryAgainError(`lost the lease of ${store.url}: ${reason}`, {
      hint: "run again when the other run has ended; nothing was published without the lease",
    });
    ended.abort();
    return loss;
  }

  /** Null when it is not ours. */
  async function ours(): Promise<Version | null> {
    const found = await store.read(name);
    const holder = found === null ? null : decode(found.content);
    if (found !== null && holder?.id === held.id) return found.version;
    lose(holder === null ? "it was removed" : `${shownHolder(holder)} took it over`);
    return null;
  }

  async function renew(): Promise<void> {
    if (loss !== null) throw loss;
    const renewed = date();
    const version = await ours();
    if (version === null) throw loss!;
    const isRenewed = await store.replace(name, encode(options, held, renewed), version);
    if (!isRenewed) throw lose("another run took it over");
    expiresMs = renewed.getTime() + limits.timeToLiveMs;
  }

  function confirm(): Promise<void> {
    const done = turn.then(renew);
    turn = done.catch(() => undefined);
    return done;
  }

  async function beat(): Promise<void> {
    try {
      await confirm();
    } catch (error) {
      if (loss !== null) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (!(error instanceof ForkliftError) || date().getTime() > expiresMs) lose(reason);
      else warn(`could not renew the lease of ${store.url}: ${reason}`);
    }
  }

  const heart = setInterval(() => void beat(), limits.heartbeatMs);
  heart.unref();
  return {
    signal: ended.signal,
    lost: () => loss,
    confirm,
    async [Symbol.asyncDispose]() {
      clearInterval(heart);
      await turn;
      if (loss !== null) return;
      try {
        const version = await ours();
        if (version !== null) await store.replace(name, null, version);
      } catch (error) {
        // It ends by itself; the run's own result matters more.
        warn(`could not give back the lease of ${store.url}: ${String(error)}`);
      }
    },
  };
}

function encode(
  { work, limits = LEASE_LIMITS }: LeaseOptions,
  { id, acquired }: Held,
  renewed: Date = acquired,
): Buffer {
  const { host, pid, namespace, start } = thisProcess();
  const holder: Holder = {
    version: 1,
    id,
    work,
    host,
    pid,
    process: `${namespace} ${start}`,
    acquired: acquired.toISOString(),
    expires: new Date(renewed.getTime() + limits.timeToLiveMs).toISOString(),
  };
  return Buffer.from(`${JSON.stringify(holder, null, 2)}\n`);
}

/** Null for a truncated lease, which nobody can hold. One of another version is still a lease. */
function decode(content: Buffer): Holder | null {
  try {
    return z.union([holderSchema, foreignHolderSchema]).parse(parseJson(content.toString("utf8")));
  } catch {
    return null;
  }
}

/** From now until a lease that was renewed on a machine whose clock is ahead ends. */
function longestMs({ timeToLiveMs, clockDifferenceMs }: LeaseLimits): number {
  return timeToLiveMs + clockDifferenceMs;
}

/** Null while it is in force. */
function whyFree(holder: Holder, at: Date, limits: LeaseLimits): string | null {
  const leftMs = Date.parse(holder.expires) - at.getTime();
  if (leftMs <= 0) return "its time is up";
  if (leftMs > longestMs(limits)) return "it ends later than any lease of now can";
  return livenessOfHolder(holder) === "ended" ? "its process has ended" : null;
}

function livenessOfHolder({ host, pid, process: of }: Holder): Liveness {
  const [namespace, start] = of.split(" ");
  return livenessOf({ host, pid, namespace, start });
}

/** In a sentence: whose it is, since when and until when. */
export function shownHolder({ work, host, pid, acquired, expires }: Holder): string {
  return `${work} on ${host} (process ${pid}), which began at ${acquired} and holds it until ${expires}`;
}

function refused(store: Store, holder: Holder | null): TryAgainError {
  const who = holder === null ? "a run that began at the same moment" : shownHolder(holder);
  return new TryAgainError(`${store.url} is leased by ${who}`, {
    hint:
      "wait for that run to end; a run that was killed elsewhere holds it until that time only, and " +
      "forklift store unlock takes it away",
  });
}
