// The proxies of the environment: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in lower case first. They hold for
// every request of forklift's over HTTP: stores, buckets, notices, metrics that are pushed.

import { ConfigError } from "@forklift/pipeline";

type Environment = Record<string, string | undefined>;

const PROXIES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] as const;

/** @throws ConfigError for a value that is no URL of a proxy. Its password is not shown. */
export function requireProxies(environment: Environment): void {
  for (const name of PROXIES) {
    const value = environment[name];
    if (value === undefined || value === "") continue;
    if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) continue;
    throw new ConfigError(`the environment has a ${name} that is no URL of a proxy`, {
      hint: `set ${name} to http://host:port, or unset it`,
    });
  }
}

/**
 * Google's client has libraries with rules of their own: they prefer a proxy of the other scheme to none,
 * take `example.org` for that one host, know no `*`, and no port. This makes the environment mean the same to
 * them as to us.
 * @param endpoint where the bucket is asked for.
 */
export function agreeOnProxies(environment: Environment, endpoint: URL): void {
  if (isProxied(environment, endpoint)) return;
  const listed = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  const entries = listed.split(/[,\s]+/).filter((entry) => entry !== "");
  if (!entries.includes(endpoint.hostname)) entries.push(endpoint.hostname);
  // One of the libraries prefers the upper case.
  environment["NO_PROXY"] = entries.join(",");
  environment["no_proxy"] = entries.join(",");
}

function isProxied(environment: Environment, { protocol, hostname, port }: URL): boolean {
  const http = environment["http_proxy"] ?? environment["HTTP_PROXY"] ?? "";
  const https = environment["https_proxy"] ?? environment["HTTPS_PROXY"] ?? "";
  if (http === "" && (https === "" || protocol === "http:")) return false;
  const listed = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  return !listed.split(/[,\s]+/).some((entry) => {
    const [, name = "", at] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === "") return false;
    if (at !== undefined && at !== (port || (protocol === "https:" ? "443" : "80"))) return false;
    return entry === "*" || hostname === name || hostname.endsWith(`.${name}`);
  });
}
