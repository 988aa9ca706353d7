// Reading and printing the URLs by which an operator names a folder, a prefix or one object.

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { maskUrlSecrets } from "@forklift/system";

/** Of the stores that there are; `open-store.ts` opens each. */
export const STORE_SCHEMES = ["file:", "gs:", "http:", "https:"] as const;

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Whether a text is the path of a local file or folder. */
export function isPath(text: string): boolean {
  return text !== "" && !SCHEME.test(text);
}

/**
 * An absolute URL. What has no scheme is a local path, a relative one is below the working directory.
 * A relative `file:` URL is refused: its first part would be read as the name of a host. So is a
 * scheme without slashes behind it, which is more often a slip than a path.
 * @throws ConfigError for what is no URL, or one of no store.
 */
export function parseStoreUrl(text: string): URL {
  if (isPath(text)) {
    // A path may be of any spelling; but one that holds this was meant to be a URL.
    if (text.includes("://") || text.startsWith("//")) throw notMeant(text);
    return pathToFileURL(resolve(text));
  }
  if (!text.includes("://") || !URL.canParse(text)) {
    throw new ConfigError(`not a URL: ${maskUrlSecrets(JSON.stringify(text))}`, {
      hint: "give file:///folder, https://host/path, or a path; one with a colon begins with ./",
    });
  }
  const url = new URL(text);
  if (url.protocol === "file:" && (url.host !== "" || !/^file:\/\/\//i.test(text))) {
    throw new ConfigError(`${maskUrlSecrets(text)} is not an absolute file URL`, {
      hint: "give file:///folder, or a path",
    });
  }
  if (isUserCut(url)) {
    throw new ConfigError(`not a URL: ${maskUrlSecrets(text)}`, {
      hint: "percent-encode special characters of the password: %23 for #, %2F for /, %3F for ?, %40 for @",
    });
  }
  if (!STORE_SCHEMES.some((scheme) => scheme === url.protocol)) {
    throw new ConfigError(
      `${maskUrlSecrets(text)} has scheme ${url.protocol}//, expected one of ${schemesText()}`,
      { hint: "copy the data to one of these, or mend the scheme" },
    );
  }
  return url;
}

function notMeant(text: string): ConfigError {
  return new ConfigError(`neither a path nor a URL: ${maskUrlSecrets(text)}`, {
    hint: `give a path with single slashes, or a URL with ${schemesText()}`,
  });
}

function schemesText(): string {
  return STORE_SCHEMES.map((scheme) => `${scheme}//`).join(", ");
}

/** Whether a password that was not percent-encoded ends the host for a parser, which takes half of it for one. */
function isUserCut({ username, password, pathname, search, hash }: URL): boolean {
  if (username === "" && password === "") return false;
  return (
    pathname.includes("@") ||
    hash.includes("@") ||
    (search.includes("@") && !/^\?[\w.-]+=/.test(search))
  );
}

/** The path of what lies on this machine; null for what a server has. */
export function localPathOf(text: string): string | null {
  const url = parseStoreUrl(text);
  return url.protocol === "file:" ? fileURLToPath(url) : null;
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
