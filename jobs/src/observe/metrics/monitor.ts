// The metrics of a process and, where the configuration names a port, the server that shows them.

import type { Log } from "@forklift/console";
import type { Config } from "../../config/schema.ts";
import { type Metrics, openMetrics } from "./metrics.ts";
import { serveMetrics } from "./metrics-server.ts";

export interface Monitor extends AsyncDisposable {
  readonly metrics: Metrics;
  /** Null when nothing is served. */
  readonly port: number | null;
  /** From now on the process does what it was started for. */
  ready(): void;
  /** Until it is ready again it does not, for this reason. */
  unready(why: string): void;
}

export async function openMonitor(
  { metrics: { port } }: Pick<Config, "metrics">,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<Monitor> {
  const metrics = openMetrics();
  let why: string | null = "starting";
  const readiness = { whyNotReady: () => (signal.aborted ? "stopping" : why) };
  const server = port === undefined ? null : await serveMetrics({ metrics, readiness, log }, port);
  return {
    metrics,
    port: server?.port ?? null,
    ready() {
      why = null;
    },
    unready(reason) {
      why = reason;
    },
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
    },
  };
}
