// A real web server that injects the faults a test configures.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FaultyServer extends AsyncDisposable {
  readonly url: string;
  /** Every request so far. */
  readonly requests: readonly IncomingMessage[];
}

/** The handler is given how many requests came before this one. */
export async function serve(
  handler: (request: IncomingMessage, response: ServerResponse, before: number) => void,
): Promise<FaultyServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
