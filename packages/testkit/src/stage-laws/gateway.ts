// A proxy between sessions and a PostgreSQL server. It sees every statement by which rows become
// durable, and closes every connection when the run is to die there. The server rolls back what was
// open, as it does for a client that was killed.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { asksForEncryption, FrameCutter, readinessOf, statementOf } from "./wire.ts";

/** Before: what was to be written is lost. After: it is committed, and the client got no answer. */
export type Moment = "before" | "after";

/** Is notified of every commit, and of the moment when the run dies. */
export interface CommitWatch {
  readonly isDead: boolean;
  /** Counts one more; what is to happen there. */
  pass(): Moment | null;
  die(): void;
}

export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** Ends every connection on both sides, and refuses further ones. */
  readonly cut: () => void;
}

/** Statements that write outside of a transaction; a reading COPY is recognized by its words. */
const WRITES = /^(?:create|drop|alter|insert|update|delete|truncate|analyze|comment|with|copy)\b/i;
const READS = /^(?:copy\s*\(|with\b(?!.*\b(?:insert|update|delete)\b))/is;
const COMMENT = /^(?:\s+|--[^\n]*(?:\n|$))*/;
const READ_ONLY = /^begin\b.*\bread only\b/is;

/** @param url of a server on a unix socket, as the shared server of the tests is. */
export async function openGateway(url: string, crash: CommitWatch): Promise<Gateway> {
  const sockets = new Set<Socket>();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (crash.isDead) {
      client.destroy();
      return;
    }
    // Frames are passed on one by one, which the kernel would otherwise hold back for each other.
    client.setNoDelay(true);
    const upstream = connect(socketPathOf(url));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // Closed on purpose, or by the other side: both ends are closed.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    relay(client, upstream, crash);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: withParams(url, { host: "127.0.0.1", port: String(port) }),
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

function socketPathOf(url: string): string {
  const params = paramsOf(url);
  return `${params.get("host")}/.s.PGSQL.${params.get("port")}`;
}

function paramsOf(url: string): URLSearchParams {
  return new URLSearchParams(url.slice(url.indexOf("?")));
}

function withParams(url: string, changes: Readonly<Record<string, string>>): string {
  const params = paramsOf(url);
  for (const [name, value] of Object.entries(changes)) params.set(name, value);
  return `${url.slice(0, url.indexOf("?"))}?${params}`;
}

function relay(client: Socket, upstream: Socket, crash: CommitWatch): void {
  const asked = new FrameCutter({ startsTyped: false });
  const answered = new FrameCutter({ startsTyped: true });
  let hasStarted = false;
  let readiness: "I" | "T" | "E" = "I";
  let isReadOnly = false;
  let diesWhenReady = false;

  function statementComes(statement: string): void {
    const text = statement.replace(COMMENT, "");
    if (/^begin\b/i.test(text)) isReadOnly = READ_ONLY.test(text);
    const isDurable =
      readiness === "I"
        ? WRITES.test(text) && !READS.test(text)
        : readiness === "T" && !isReadOnly && /^commit\b/i.test(text);
    if (!isDurable) return;
    const moment = crash.pass();
    if (moment === "before") crash.die();
    diesWhenReady = moment === "after";
  }

  client.on("data", (bytes: Buffer) => {
    for (const frame of asked.frames(bytes)) {
      if (!hasStarted && asksForEncryption(frame)) {
        client.write("N");
        continue;
      }
      const statement = hasStarted ? statementOf(frame) : null;
      if (!hasStarted) asked.typed();
      hasStarted = true;
      if (statement !== null) statementComes(statement);
      if (crash.isDead) {
        client.destroy();
        return;
      }
      upstream.write(frame);
    }
  });
  upstream.on("data", (bytes: Buffer) => {
    for (const frame of answered.frames(bytes)) {
      const now = readinessOf(frame);
      readiness = now ?? readiness;
      if (now !== null && diesWhenReady) crash.die();
      if (crash.isDead) {
        client.destroy();
        return;
      }
      client.write(frame);
    }
  });
}
