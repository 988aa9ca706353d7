// Sends a server a cancel request for the statement of a session. The server takes the request on a
// connection of its own, before it looks at anything that the statement may hold.

import { once } from "node:events";
import { connect } from "node:net";

/** Sent instead of a protocol version; from the protocol's chapter on message formats. */
const CANCEL_CODE = 80_877_102;
const REQUEST_BYTES = 16;

/** A server that is up takes the request at once; it never answers, but closes the connection. */
const ANSWER_TIMEOUT_MS = 5_000;

export interface BackendKey {
  /** A host name, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  /** The server sent both (BackendKeyData) when the session began. */
  readonly processId: number;
  readonly secretKey: number;
}

/** @throws what the network says; the statement goes on then. */
export async function sendCancelRequest(backend: BackendKey): Promise<void> {
  const { host, port, processId, secretKey } = backend;
  const socket = host.startsWith("/")
    ? connect({ path: `${host}/.s.PGSQL.${port}` })
    : connect({ host, port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    const request = Buffer.alloc(REQUEST_BYTES);
    request.writeInt32BE(REQUEST_BYTES, 0);
    request.writeInt32BE(CANCEL_CODE, 4);
    request.writeInt32BE(processId, 8);
    request.writeInt32BE(secretKey, 12);
    socket.end(request);
    socket.resume();
    await once(socket, "close", { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } finally {
    socket.destroy();
  }
}
