// A real HTTP server that records its requests and answers as a test sets it.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
}

export interface HttpRecorder extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
}

/** @param statuses of the first answers; all later ones are 200. 0 breaks the connection. */
export async function openHttpRecorder(statuses: readonly number[] = []): Promise<HttpRecorder> {
  const received: Received[] = [];
  const left = [...statuses];
  const server = createServer(async (request, response) => {
    const { method = "", url: path = "" } = request;
    const { authorization } = request.headers;
    received.push({ method, path, body: await text(request), authorization });
    const status = left.shift() ?? 200;
    if (status === 0) request.socket.destroy();
    else response.writeHead(status, { location: "/elsewhere" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
