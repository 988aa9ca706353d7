// The lease of a store: an object that says which run may publish there, and until when. It is renewed
// while the run lives, and taken over when the time is up or the process is known to have ended.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { ForkliftError, TryAgainError } from "@forklift/pipeline";
import type { Store, Version, VersionedObject } from "@forklift/storage";
import { z } from "zod";
import { hasEnded, PROCESS_BEGAN_MS, processNamespace } from "../this-process.ts";

/** Milliseconds. */
export interface LeaseLimits {
  /**
   * How long a run that was killed on another machine keeps the next one waiting; and how long a
   * store may be away before a run gives up. Clocks of machines differ by far less.
   */
  readonly timeToLiveMs: number;
  /** Several may fail before the time is up. */
  readonly heartbeatMs: number;
}

export const LEASE_LIMITS: LeaseLimits = { timeToLiveMs: 10 * 60_000, heartbeatMs: 60_000 };

const holderSchema = z.strictObject({
  version: z.literal(1),
  /** Of this lease, not of the process. */
  id: z.uuid(),
  /** What runs: `daily`, `store prune`. */
  work: z.string(),
  host: z.string(),
  pid: z.int(),
  /** Tells apart processes with the same number: one after the other, or in different containers. */
  process: z.string(),
  acquired: z.iso.datetime(),
  expires: z.iso.datetime(),
});

type Holder = z.infer<typeof holderSchema>;

/** What any version must say: until when. Its process is none that we could see. */
const foreignHolderSchema = z
  .object({
    version: z.int().gt(1),
    expires: z.iso.datetime(),
    acquired: z.string().catch("an unknown time"),
    work: z.string().catch("another version of forklift"),
    host: z.string().catch("another machine"),
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

export function leaseName(network: string): string {
  return `${network}-lease.json`;
}

/** @throws TryAgainError naming who holds it and until when. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { store, network, date, warn } = options;
  const name = leaseName(network);
  const id = randomUUID();
  const { found, former } = await awaitEnd(options);
  const acquired = date();
  if (former !== null) warn(`took over a lease that has ended: ${shown(former)}`);
  const first = encode(options, { id, acquired });
  if (!(await store.replace(name, first, found?.version ?? null))) {
    const winner = await store.read(name);
    throw refused(store, winner === null ? null : decode(winner.content));
  }
  return keep(options, { id, acquired });
}

/**
 * What stands in the store when no run holds its lease.
 * @param watched the holder that was found before and may be dead.
 * @throws TryAgainError when a run holds it.
 */
async function awaitEnd(
  options: LeaseOptions,
  watched: Holder | null = null,
): Promise<{ readonly found: VersionedObject | null; readonly former: Holder | null }> {
  const { store, network, date, warn, wait, limits = LEASE_LIMITS } = options;
  const found = await store.read(leaseName(network));
  const former = found === null ? null : decode(found.content);
  if (former === null || !isInForce(former, date())) return { found, former };
  const isRenewed = watched !== null && former.expires !== watched.expires;
  if (wait === undefined || wait.signal.aborted || isRenewed || isSeen(former)) {
    throw refused(store, former);
  }
  if (watched === null) warn(`waiting to see whether it still lives: ${shown(former)}`);
  await delay(limits.heartbeatMs, undefined, { signal: wait.signal }).catch(() => undefined);
  return await awaitEnd(options, former);
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
    lose(holder === null ? "it was removed" : `${shown(holder)} took it over`);
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
  const holder: Holder = {
    version: 1,
    id,
    work,
    host: hostname(),
    pid: process.pid,
    process: thisProcess(),
    acquired: acquired.toISOString(),
    expires: new Date(renewed.getTime() + limits.timeToLiveMs).toISOString(),
  };
  return Buffer.from(`${JSON.stringify(holder, null, 2)}\n`);
}

/** Null for a torn lease, which nobody can hold. One of another version is still a lease. */
function decode(content: Buffer): Holder | null {
  try {
    return z.union([holderSchema, foreignHolderSchema]).parse(JSON.parse(content.toString("utf8")));
  } catch {
    return null;
  }
}

function isInForce(holder: Holder, at: Date): boolean {
  if (new Date(holder.expires) <= at) return false;
  return !isSeen(holder) || !hasEnded(holder.pid, Number(holder.process.split(" ")[1]));
}

/** Whether we could see its process: on this machine, and in this container. */
function isSeen({ host, process: of }: Holder): boolean {
  return host === hostname() && of.split(" ")[0] === thisProcess().split(" ")[0];
}

/** Where process numbers are counted, and when this one began. */
function thisProcess(): string {
  return `${processNamespace()} ${PROCESS_BEGAN_MS}`;
}

function shown({ work, host, pid, acquired, expires }: Holder): string {
  return `${work} on ${host} (process ${pid}), which began at ${acquired} and holds it until ${expires}`;
}

function refused(store: Store, holder: Holder | null): TryAgainError {
  const who = holder === null ? "a run that began at the same moment" : shown(holder);
  return new TryAgainError(`${store.url} is leased by ${who}`, {
    hint: "wait for that run to end; a run that was killed elsewhere holds it until that time only",
  });
}
