// `forklift follow`, as a process of its own, for a while, on a source that grows block by block with forks. In turn the
// process is killed and started anew, the server of the source restarts, and the bucket of blocks goes away.
//
// How far the target is behind is sampled from the metrics. It counts while everything is there: not from a
// disturbance on until the target stands where the source stood when all was back.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type GrowingSource, programFile } from "@forklift/testkit";
import type { BlockBucket } from "./block-bucket.ts";

export interface SoakOptions {
  /** Of the growth; it ends when the target has caught up after that. */
  readonly durationMs: number;
  readonly blockEveryMs: number;
  /** From one disturbance to the next. */
  readonly disturbanceEveryMs: number;
}

export interface Surroundings {
  readonly source: GrowingSource;
  readonly bucket: BlockBucket;
  readonly config: string;
  readonly metricsPort: number;
  /** Of the process, for its files. */
  readonly temporary: string;
  /** The highest canonical block of the source. */
  canonicalHeight(): Promise<number>;
  /** Ends the server of the source, and starts it again. */
  restartSource(): Promise<void>;
}

/** A line of the log for each cycle that ended well. */
export interface CycleLine {
  readonly height: number;
  readonly elapsedMs: number;
  readonly source: { readonly statements: number; readonly rows: number };
  readonly msg: string;
}

export interface Soaked {
  readonly heights: { readonly source: number; readonly target: number };
  /** Exit codes of the process, life by life; null for a kill. */
  readonly exits: readonly (number | null)[];
  readonly cycles: readonly CycleLine[];
  readonly disturbances: readonly Disturbance[];
  readonly samples: number;
  /** While everything was there: from when a block was canonical to when the target held it. */
  readonly behindMsMax: number;
}

export interface Disturbance {
  readonly kind: "kill" | "source restarts" | "bucket is away";
  /** From when everything was there again until the target had caught up. */
  readonly recoveredAfterMs: number;
}

const SAMPLE_EVERY_MS = 250;
const BUCKET_AWAY_MS = 3_000;

/** @throws when the process ends by itself. */
export async function followSoak(
  surroundings: Surroundings,
  options: SoakOptions,
): Promise<Soaked> {
  const growth = new Growth(surroundings.canonicalHeight);
  const follow = new FollowProcess(surroundings);
  const target = new Target(surroundings.metricsPort, growth, follow);
  const [grown, stop] = [new AbortController(), new AbortController()];
  const growing = growth.live(surroundings.source, {
    everyMs: options.blockEveryMs,
    signal: grown.signal,
  });
  const watching = target.watch(stop.signal);
  const catchUp = async () => target.reaches(await surroundings.canonicalHeight());
  try {
    follow.start();
    await catchUp();
    const disturbances = await disturb({ ...surroundings, follow, target, catchUp }, options);
    grown.abort();
    await growing;
    await catchUp();
    stop.abort();
    await watching;
    await follow.end("SIGTERM");
    const { events, exits } = follow;
    return {
      heights: { source: await surroundings.canonicalHeight(), target: target.height },
      exits,
      cycles: events.filter((event) => "lagBlocks" in event) as unknown as CycleLine[],
      disturbances,
      samples: target.samples,
      behindMsMax: Math.round(target.behindMsMax),
    };
  } finally {
    for (const controller of [grown, stop]) controller.abort();
    await Promise.allSettled([growing, watching]);
    await follow.end("SIGKILL");
  }
}

interface Disturbed extends Surroundings {
  readonly follow: FollowProcess;
  readonly target: Target;
  /** Waits until the target stands where the source stands now. */
  readonly catchUp: () => Promise<void>;
}

/** One of each kind in turn, until the time is over. */
async function disturb(
  { follow, target, bucket, restartSource, catchUp }: Disturbed,
  { durationMs, disturbanceEveryMs }: Pick<SoakOptions, "durationMs" | "disturbanceEveryMs">,
): Promise<Disturbance[]> {
  const ways = {
    async kill() {
      await follow.end("SIGKILL");
      follow.start();
    },
    "source restarts": restartSource,
    async "bucket is away"() {
      await bucket.goAway();
      await delay(BUCKET_AWAY_MS);
      await bucket.comeBack();
    },
  } as const;
  const kinds = Object.keys(ways) as Disturbance["kind"][];
  const disturbances: Disturbance[] = [];
  const beganMs = performance.now();
  for (let turn = 0; ; turn++) {
    const nextMs = beganMs + (turn + 1) * disturbanceEveryMs;
    target.isUndisturbed = true;
    await delay(Math.max(0, Math.min(nextMs, beganMs + durationMs) - performance.now()));
    if (nextMs > beganMs + durationMs) return disturbances;
    target.isUndisturbed = false;
    const kind = kinds[turn % kinds.length]!;
    await ways[kind]();
    const backMs = performance.now();
    await catchUp();
    disturbances.push({ kind, recoveredAfterMs: Math.round(performance.now() - backMs) });
  }
}

/** The source, and since when each of its heights has been canonical. */
class Growth {
  readonly #canonicalHeight: () => Promise<number>;
  readonly #since: { readonly height: number; readonly ms: number }[] = [];

  constructor(canonicalHeight: () => Promise<number>) {
    this.#canonicalHeight = canonicalHeight;
  }

  async live(
    source: GrowingSource,
    { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        await source.grow(1);
        const ms = performance.now();
        this.#since.push({ height: await this.#canonicalHeight(), ms });
      } catch (error) {
        // Its server restarts: what did not arrive is the first to arrive the next time.
        if ((error as { exit?: unknown }).exit !== "tryAgain") throw error;
      }
      await delay(everyMs);
    }
  }

  /** How long a block above the height has been canonical, in milliseconds; 0 where none is. */
  behind(height: number, ms: number): number {
    const missing = this.#since.find((one) => one.height > height);
    return missing === undefined ? 0 : Math.max(0, ms - missing.ms);
  }
}

/** The target, as the metrics tell of it. */
class Target {
  height = 0;
  samples = 0;
  behindMsMax = 0;
  isUndisturbed: boolean;
  readonly #url: string;
  readonly #growth: Growth;

  readonly #follow: FollowProcess;

  constructor(port: number, growth: Growth, follow: FollowProcess) {
    this.#url = `http://127.0.0.1:${port}/metrics`;
    this.#growth = growth;
    this.#follow = follow;
    this.isUndisturbed = false;
  }

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const askedMs = performance.now();
      const height = await this.#ask();
      if (height !== null) {
        this.height = height;
        if (this.isUndisturbed) {
          this.samples++;
          this.behindMsMax = Math.max(this.behindMsMax, this.#growth.behind(height, askedMs));
        }
      }
      await delay(SAMPLE_EVERY_MS);
    }
  }

  async reaches(height: number): Promise<void> {
    while (this.height < height) {
      this.#follow.requireRunning();
      await delay(SAMPLE_EVERY_MS);
    }
  }

  /** Null while no process serves them, or it has not ended a cycle. */
  async #ask(): Promise<number | null> {
    const text = await fetch(this.#url).then(
      (response) => response.text(),
      () => "",
    );
    const height = /^forklift_follow_height\{.*\} (\d+)$/m.exec(text)?.[1];
    return height === undefined ? null : Number(height);
  }
}

type LogEvent = Readonly<Record<string, unknown>> & { readonly msg: string };

/** One after the other, all with one log. */
class FollowProcess {
  readonly exits: (number | null)[] = [];
  readonly #surroundings: Pick<Surroundings, "config" | "temporary">;
  #child: ChildProcess | null = null;
  #log = "";

  constructor(surroundings: Pick<Surroundings, "config" | "temporary">) {
    this.#surroundings = surroundings;
  }

  start(): void {
    const { config, temporary } = this.#surroundings;
    const args = [programFile("forklift"), "follow", "--config", config, "--log-json"];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#log += text;
    });
    this.#child = child;
  }

  /** Nothing, where it has ended already. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
    this.exits.push(child.exitCode);
  }

  requireRunning(): void {
    const { exitCode } = this.#child!;
    if (exitCode !== null) throw new Error(`follow ended with ${exitCode}: ${this.#log}`);
  }

  /** A kill may have cut a line off. */
  get events(): readonly LogEvent[] {
    return this.#log.split("\n").flatMap((line) => {
      try {
        return [JSON.parse(line) as LogEvent];
      } catch {
        return [];
      }
    });
  }
}
