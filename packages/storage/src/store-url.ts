// Reading and printing the URLs by which an operator names a folder, a prefix or one object.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@forklift/pipeline";

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Whether a text means a place of this machine by its path. */
export function isPath(text: string): boolean {
  return text !== "" && !SCHEME.test(text);
}

/**
 * An absolute URL. What has no scheme is a local path, a relative one is below the working directory.
 * A relative `file:` URL is refused: its first part would be read as the name of a host. So is a
 * scheme without slashes behind it, which is more often a slip than a path.
 */
export function parseStoreUrl(text: string): URL {
  if (isPath(text)) return pathToFileURL(resolve(text));
  if (!text.includes("://") || !URL.canParse(text)) {
    throw new ConfigError(`not a URL: ${JSON.stringify(text)}`, {
      hint: "give file:///folder, https://host/path, or a path; one with a colon begins with ./",
    });
  }
  const url = new URL(text);
  if (url.protocol === "file:" && (url.host !== "" || !/^file:\/\/\//i.test(text))) {
    throw new ConfigError(`${text} is not an absolute file URL`, {
      hint: "give file:///folder, or a path",
    });
  }
  return url;
}

/** The URL without its secrets: user, password, and the query, where signatures are kept. */
export function maskUrl(url: URL): string {
  const masked = new URL(url);
  masked.username = "";
  masked.password = "";
  masked.hash = "";
  masked.search = "";
  const user = url.username === "" && url.password === "" ? "" : "***@";
  const query = url.search === "" ? "" : "?***";
  return masked.href.replace("://", `://${user}`) + query;
}

/** What a store calls itself: masked, and without a last slash, so that a name can follow. */
export function storeText(url: URL): string {
  const folder = new URL(url);
  folder.pathname = folder.pathname.replace(/\/$/, "");
  return maskUrl(folder);
}

/** The URL of one object below a folder or prefix; a query stays where it was, at the end. */
export function objectUrl(folder: URL, name: string): URL {
  const url = new URL(folder);
  const path = name.split("/").map(encodeURIComponent).join("/");
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${path}`;
  return url;
}
