// The HTTP server of the metrics, the liveness probe and the readiness probe while forklift runs.

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "@forklift/console";
import { Registry } from "prom-client";
import type { Metrics } from "./metrics.ts";

export interface Readiness {
  /** Why a run is not at work; null when it is. */
  whyNotReady(): string | null;
}

export interface MetricsServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * `/metrics`, `/healthz` (200 as long as the process answers) and `/readyz` (503 with a reason before
 * the first stage and after a signal). Null, with a warning, when the port cannot be had: a job does
 * not fail for its monitoring. Port 0 takes a free one.
 */
export async function serveMetrics(
  { metrics, readiness, log }: { metrics: Metrics; readiness: Readiness; log: Log },
  port: number,
): Promise<MetricsServer | null> {
  const pages: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    "/metrics": async (response) =>
      send(response, 200, await metrics.text(), Registry.PROMETHEUS_CONTENT_TYPE),
    "/healthz": async (response) => send(response, 200, "ok\n"),
    "/readyz": async (response) => {
      const why = readiness.whyNotReady();
      send(response, why === null ? 200 : 503, `${why ?? "ready"}\n`);
    },
  };
  const server = createServer((request, response) => {
    // Cut, not parsed: a scanner's "//" is no URL, and an error here would end the run.
    const page = pages[request.url!.split("?", 1)[0]!];
    if (page === undefined) {
      send(response, 404, `there are ${Object.keys(pages).join(", ")}\n`);
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      send(response, 405, "only GET\n");
    } else {
      page(response).catch((error: unknown) => send(response, 500, `${String(error)}\n`));
    }
  });
  server.listen(port);
  try {
    await once(server, "listening");
  } catch (error) {
    log.warn({ port }, `metrics are not served: ${(error as Error).message}`);
    return null;
  }
  // A scraper must not keep a job alive that has ended.
  server.unref();
  const address = server.address() as AddressInfo;
  log.info({ port: address.port }, "metrics are served");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function send(response: ServerResponse, status: number, body: string, type?: string): void {
  response.writeHead(status, { "content-type": type ?? "text/plain; charset=utf-8" });
  response.end(body);
}
