// The kinds of values in a configuration, and what each is expected to be. No message quotes a URL but
// masked: a secret may stand in any of them.

import { FormatError } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { requireConnection, requireDatabaseName } from "@forklift/postgres";
import { isPath, parseStoreUrl } from "@forklift/storage";
import { z } from "zod";

const WEB_SCHEMES = ["http:", "https:"];

/** A folder, a prefix or an object, as a URL or as a path. */
export const place = checked((text) => {
  const url = parseStoreUrl(text);
  if (isPath(text)) return;
  if (/\s/.test(text)) throw new FormatError("holds a space, expected %20 instead of it");
  if (url.protocol !== "file:") requireServer(url);
});

/** A folder of this machine. */
export const localFolder = checked((text) => {
  if (!isPath(text) || text.includes("://")) {
    throw new FormatError("expected the path of a folder on this machine, not a URL");
  }
});

/** A database on a PostgreSQL server. */
export const databaseUrl = checked((text) => {
  requireDatabaseName(text);
  requireConnection(text);
  requirePostgresPort(text);
});

/** A PostgreSQL server, on which databases are made. */
export const serverUrl = checked((text) => {
  requireConnection(text);
  requirePostgresPort(text);
});

/** What takes requests on the web. */
export const webUrl = checked((text) => {
  const url = !/\s/.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url === null || !text.includes("://") || !WEB_SCHEMES.includes(url.protocol)) {
    throw new FormatError("expected a URL with http:// or https://");
  }
  requireServer(url);
});

export const flag = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")],
  { error: "expected true or false" },
);

/** Numbers come as text from the environment and from flags. */
export function wholeNumber({ min, max }: { readonly min: number; readonly max?: number }) {
  const error = `expected a whole number from ${min} ${max === undefined ? "on" : `to ${max}`}`;
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value),
    z
      .int({ error })
      .min(min, { error })
      .max(max ?? Number.MAX_SAFE_INTEGER, { error }),
  );
}

export const positiveInteger = wholeNumber({ min: 1 });

/** A list, which the environment and flags give with commas. */
export function listOf<Item extends z.ZodType>(item: Item, { min }: { readonly min: number }) {
  return z.preprocess(
    (value) => (typeof value === "string" ? value.split(",") : value),
    z.array(item).min(min, { error: "expected at least one" }),
  );
}

/** A text that the check takes; what it throws against it is the fault. */
function checked(check: (text: string) => void) {
  return z.string().superRefine((text, context) => {
    try {
      requireClean(text);
      check(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: faultOf(error) });
    }
  });
}

/** With its next step, where it says more than the fault. */
function faultOf(error: unknown): string {
  if (error instanceof ConfigError) return `${error.message}; ${error.hint}`;
  if (error instanceof FormatError) return error.message;
  throw error;
}

/** What a copy from elsewhere brings along, and an eye does not see. */
function requireClean(text: string): void {
  if (text === "") throw new FormatError("is empty, expected a value");
  if (text.trim() !== text) throw new FormatError("begins or ends with a space");
  if (/\p{Cc}/u.test(text))
    throw new FormatError("holds a line break or another control character");
}

function requireServer({ hostname, port }: URL): void {
  if (hostname === "") throw new FormatError("names no server or bucket behind ://");
  requirePort(port);
}

function requirePostgresPort(text: string): void {
  const server = /^[^:]+:\/\/(?:.*@)?[^/?]*?(?::(\d*))?(?:[/?]|$)/.exec(text);
  requirePort(server?.[1] ?? "");
}

/** Above 65535 no URL can be read. */
function requirePort(port: string): void {
  if (port !== "" && Number(port) === 0) throw new FormatError("has port 0, expected 1 to 65535");
}
