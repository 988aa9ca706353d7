// Leaves the metrics of a run that ends at a Pushgateway, where Prometheus finds them afterwards.

import type { Log } from "@forklift/console";
import { httpFetch } from "@forklift/storage";
import { authorizationOf } from "@forklift/system";
import type { Registry } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** A Pushgateway is near and answers in milliseconds; a job's end is not held up for it. */
const TIMEOUT_MS = 10_000;

export interface PushTarget {
  /** URL of the Pushgateway; may hold a name and a password. */
  readonly url: string;
  readonly network: string;
  readonly recipe: string;
}

/**
 * Two groups: one of the network, which every run renews, and one of the runs of a recipe, which those
 * of another recipe leave alone. Adds to what is there: what this run does not know, such as the last
 * success, stays as it was. Never fails: a job does not fail for its monitoring.
 */
export async function pushMetrics(
  { registries }: Metrics,
  { url, network, recipe }: PushTarget,
  log: Log,
): Promise<boolean> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const push = async (registry: Registry, groupings: Record<string, string>) =>
    await pushGroup(registry, { gateway: url, groupings, signal });
  try {
    await push(registries.network, { network });
    await push(registries.run, { network, recipe });
    return true;
  } catch (error) {
    log.warn({ pushgateway: url }, `metrics were not pushed: ${(error as Error).message}`);
    return false;
  }
}

interface Group {
  readonly gateway: string;
  readonly groupings: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** POST adds to the group; PUT would replace it. */
async function pushGroup(registry: Registry, { gateway, groupings, signal }: Group): Promise<void> {
  const url = new URL(gateway);
  const authorization = authorizationOf(url);
  url.username = "";
  url.password = "";
  const group = Object.entries({ job: "forklift", ...groupings })
    .flat()
    .map(encodeURIComponent);
  url.pathname = [url.pathname.replace(/\/$/, ""), "metrics", ...group].join("/");
  const { ok, status } = await httpFetch(url, {
    method: "POST",
    headers: { "content-type": registry.contentType, ...authorization },
    body: await registry.metrics(),
    signal,
  });
  if (!ok) throw new Error(`the Pushgateway answered ${status}`);
}
