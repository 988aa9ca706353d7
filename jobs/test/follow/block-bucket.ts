// A bucket of blocks: a folder served over HTTP, by a server that can go away and come back at the same address.

import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

export interface BlockBucket extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection; none is taken any more. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function openBlockBucket(folder: string): Promise<BlockBucket> {
  let http = await listen(folder, 0);
  const { port } = http.address() as AddressInfo;
  async function goAway(): Promise<void> {
    http.closeAllConnections();
    await new Promise((resolve) => void http.close(resolve));
  }
  return {
    url: `http://127.0.0.1:${port}/`,
    goAway,
    async comeBack() {
      http = await listen(folder, port);
    },
    [Symbol.asyncDispose]: goAway,
  };
}

async function listen(folder: string, port: number): Promise<Server> {
  const http = createServer((request, response) => {
    const file = createReadStream(path.join(folder, path.basename(request.url!)));
    file.on("error", () => response.writeHead(404).end());
    file.on("open", () => file.pipe(response));
  });
  await new Promise<void>((resolve, reject) => {
    http.on("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return http;
}
