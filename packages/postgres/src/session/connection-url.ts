// Connection URLs as operators write them, postgres://user:secret@host/db or with a unix socket as
// postgres://user@/db?host=/directory, which the WHATWG parser refuses: so they are split by hand.

import { ConfigError } from "@forklift/pipeline";
import { maskUrlSecrets } from "@forklift/system";

interface UrlParts {
  /** Scheme, user and host, up to where the database name begins. */
  readonly server: string;
  readonly database: string;
  readonly params: URLSearchParams;
}

const PARTS = /^(postgres(?:ql)?:\/\/[^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** As PostgreSQL's own programs take them, one after the other until one answers. */
const SEVERAL_HOSTS = /^[^/]*\/\/(?:.*@)?[^@]*,[^@]*$/;

/** @throws ConfigError unless the text is a postgres:// or postgresql:// URL that can be read. */
export function splitUrl(url: string): UrlParts {
  const [whole, server = "", path = "", query = ""] = PARTS.exec(url) ?? [];
  const database = decoded(path);
  if (SEVERAL_HOSTS.test(server)) {
    throw new ConfigError(
      `the connection URL ${maskUrl(url)} names several servers, expected one`,
      {
        hint: "give the URL of the one server to work with",
      },
    );
  }
  if (whole === undefined || database === null || !isServer(server)) {
    throw notAUrl(url);
  }
  return { server, database, params: new URLSearchParams(query) };
}

export function notAUrl(url: string): ConfigError {
  return new ConfigError(`not a PostgreSQL connection URL: ${maskUrl(url)}`, {
    hint:
      "write it as postgres://user:password@host:5432/database; " +
      "percent-encode special characters in each part, such as %3F for ?",
  });
}

/** Whether the driver reads it, too; with a socket nothing follows the user's @. */
function isServer(server: string): boolean {
  return decoded(server) !== null && URL.canParse(server.replace(/@$/, "@socket"));
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export function joinUrl({ server, database, params }: UrlParts): string {
  // A socket directory stays readable; a slash needs no escape behind the question mark. PostgreSQL's own
  // programs take a plus for a plus.
  const query = params.toString().replaceAll("%2F", "/").replaceAll("+", "%20");
  // The driver undoes encodeURI and no more, so only what would end the path is escaped beyond it.
  const name = encodeURI(database).replace(/[?#]/g, encodeURIComponent);
  return `${server}/${name}${query && `?${query}`}`;
}

/** The same server, another database. */
export function urlWithDatabase(url: string, name: string): string {
  return joinUrl({ ...splitUrl(url), database: name });
}

/**
 * The URL for logs, reports and messages: every password is replaced. Accepts text that is no URL
 * at all, since it serves the message that says so.
 */
export function maskUrl(url: string): string {
  return maskUrlSecrets(url);
}

/** For programs whose arguments other users can read: the password apart from the URL. */
export function withoutPassword(url: string): { url: string; password: string | undefined } {
  const { server, database, params } = splitUrl(url);
  const match = /^([^:]+:\/\/[^:@]*):(.*)@(.*)$/.exec(server);
  const password =
    params.get("password") ?? (match ? decodeURIComponent(match[2] ?? "") : undefined);
  params.delete("password");
  const bare = match ? `${match[1]}@${match[3]}` : server;
  return { url: joinUrl({ server: bare, database, params }), password };
}
