// The parameters of a connection URL: the one list of those that forklift takes, and what each means to
// the driver and to PostgreSQL's own programs, so that a URL that the first session takes is good for
// the dump at the end as well.

import { readFileSync } from "node:fs";
import tls from "node:tls";
import { ConfigError } from "@forklift/pipeline";
import { fileError } from "@forklift/system";
import type { ClientConfig } from "pg";
import { joinUrl, maskUrl, notAUrl, splitUrl } from "./connection-url.ts";

/** How the connection is encrypted, and what is checked of the server's certificate. */
type TlsMode = "disable" | "allow" | "prefer" | "no-verify" | "verify-ca" | "verify-full";

const SSL_MODES = [
  ...["disable", "allow", "prefer", "no-verify"],
  ...["require", "verify-ca", "verify-full"],
] as const;

const COUNT = /^\d{1,9}$/;
const ANY = /^/;

/** Every parameter that is taken, and its values. */
const VALUES: Readonly<Record<string, RegExp>> = {
  // One of them.
  host: /^[^,]*$/,
  port: COUNT,
  user: ANY,
  password: ANY,
  // Before the settings that forklift gives to each of its sessions.
  options: ANY,
  // Forklift's sessions have names of their own.
  application_name: ANY,
  fallback_application_name: ANY,
  client_encoding: /^(UTF8|UTF-8|utf8|utf-8|auto)$/,
  connect_timeout: COUNT,
  keepalives: /^(0|1)$/,
  keepalives_idle: COUNT,
  target_session_attrs: /^(any|primary|standby|read-write|prefer-standby)$/,
  gssencmode: /^(disable|prefer)$/,
  channel_binding: /^(disable|prefer|require)$/,
  sslmode: new RegExp(`^(${SSL_MODES.join("|")})$`),
  ssl: /^(true|false|1|0)$/,
  uselibpqcompat: /^(true|false)$/,
  sslrootcert: ANY,
  sslcert: ANY,
  sslkey: ANY,
};

/** What to write instead of others that PostgreSQL's own programs know. */
const INSTEAD: Readonly<Record<string, string>> = {
  dbname: "name the database in the path: postgres://user@host:5432/database",
  hostaddr: "write the address in the place of the host",
  passfile: "set PGPASSFILE in the environment",
  service: "write host, port, database and user of the service into the URL",
  servicefile: "write host, port, database and user of the service into the URL",
};

/** Variables that PostgreSQL's own programs take for what a URL leaves out. */
const VARIABLES: Readonly<Record<string, string>> = {
  PGOPTIONS: "options",
  PGCONNECT_TIMEOUT: "connect_timeout",
  PGTARGETSESSIONATTRS: "target_session_attrs",
  PGGSSENCMODE: "gssencmode",
  PGCHANNELBINDING: "channel_binding",
  PGSSLMODE: "sslmode",
  PGSSLROOTCERT: "sslrootcert",
  PGSSLCERT: "sslcert",
  PGSSLKEY: "sslkey",
};

type Environment = Readonly<Record<string, string | undefined>>;

/** A connection URL that was understood. */
export interface Connection {
  readonly url: string;
  /** With what the environment adds. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly tls: TlsMode;
  /** The name or the address that the certificate is to be of. */
  readonly host: string;
}

/**
 * @throws ConfigError for a parameter or a value that is not taken, naming the one and what to write.
 */
export function connectionOf(url: string, environment: Environment): Connection {
  const { server, database, params } = splitUrl(url);
  // Any of the parameters may be a secret, that of another driver for instance.
  const shown = maskUrl(joinUrl({ server, database, params: new URLSearchParams() }));
  const parameters = new Map<string, string>();
  for (const [variable, name] of Object.entries(VARIABLES)) {
    const value = environment[variable];
    if (value === undefined || value === "") continue;
    requireTaken(name, value, `the environment has ${variable}`);
    parameters.set(name, value);
  }
  for (const [name, value] of params) {
    // The end of a password that has a question mark: neither half of it may be shown.
    if (!Object.hasOwn(VALUES, name) && `${name}${value}`.includes("@")) throw notAUrl(url);
    requireTaken(name, value, `the connection URL ${shown} has ${name}`);
    parameters.set(name, value);
  }
  const named = /^[^:]+:\/\/(?:.*@)?(\[[^\]]*\]|[^:@]*)/.exec(server)?.[1] ?? "";
  const host =
    params.get("host") ?? (decodeURIComponent(named) || environment["PGHOST"] || "localhost");
  const mode = host.startsWith("/") ? "disable" : tlsModeOf(parameters);
  return { url, parameters, tls: mode, host: host.replace(/^\[(.*)\]$/, "$1") };
}

/** @throws ConfigError for a URL that no session takes. */
export function requireConnection(url: string): void {
  connectionOf(url, {});
}

/** Of values only those of known parameters are shown. */
function requireTaken(name: string, value: string, found: string): void {
  const values = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  if (values === undefined) {
    throw new ConfigError(`${found}, and forklift takes no parameter ${name}`, {
      hint:
        (Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined) ??
        `leave ${name} out; forklift takes ${Object.keys(VALUES).sort().join(", ")}`,
    });
  }
  if (values.test(value)) return;
  throw new ConfigError(`${found}=${value}, expected ${valuesText(name, values)}`, {
    hint: `give ${name} such a value, or leave it out`,
  });
}

function valuesText(name: string, values: RegExp): string {
  if (name === "host") return "one host";
  if (values === COUNT) return "a number";
  return `one of ${values.source.replace(/^\^\(|\)\$$/g, "").replaceAll("|", ", ")}`;
}

/**
 * Where a certificate is asked for it is checked, as the driver has always done: `require` is
 * `verify-full` here, unless the driver's own parameter says that it is to be PostgreSQL's.
 */
function tlsModeOf(parameters: ReadonlyMap<string, string>): TlsMode {
  const isOn = { true: "require", 1: "require", false: "disable", 0: "disable" };
  const ssl = parameters.get("ssl") as keyof typeof isOn | undefined;
  const hasFiles = ["sslrootcert", "sslcert", "sslkey"].some((name) => parameters.has(name));
  const mode =
    parameters.get("sslmode") ?? (ssl && isOn[ssl]) ?? (hasFiles ? "require" : "disable");
  if (mode !== "require") return mode as TlsMode;
  if (parameters.get("uselibpqcompat") !== "true") return "verify-full";
  return parameters.has("sslrootcert") ? "verify-ca" : "no-verify";
}

/** What the driver is told beside the URL, one after the other where the first may be refused. */
export function tlsAttempts(connection: Connection): ClientConfig["ssl"][] {
  const unchecked = () => ({ ...tlsFiles(connection), rejectUnauthorized: false });
  switch (connection.tls) {
    case "disable":
      return [false];
    case "allow":
      return [false, unchecked()];
    case "prefer":
      return [unchecked(), false];
    case "no-verify":
      return [unchecked()];
    case "verify-ca":
      return [{ ...tlsFiles(connection), checkServerIdentity: () => undefined }];
    case "verify-full": {
      const { host } = connection;
      const checkServerIdentity = (_: string, found: tls.PeerCertificate) =>
        tls.checkServerIdentity(host, found);
      return [{ ...tlsFiles(connection), checkServerIdentity }];
    }
  }
}

function tlsFiles({ url, parameters }: Connection) {
  const read = (name: string) => {
    const file = parameters.get(name);
    if (file === undefined || file === "" || file === "system") return {};
    return {
      [{ sslrootcert: "ca", sslcert: "cert", sslkey: "key" }[name]!]: fileAt(file, name, url),
    };
  };
  return { ...read("sslrootcert"), ...read("sslcert"), ...read("sslkey") };
}

function fileAt(file: string, name: string, url: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { message } = fileError(error, `read ${file}`) as Error;
    throw new ConfigError(`${message}, which ${name} of ${maskUrl(url)} names`, {
      cause: error,
      hint: `check the path that ${name} gives, and that forklift may read it`,
    });
  }
}

/** Without what `tlsAttempts` and the sessions' own options say; in seconds where the driver counts so. */
export function driverUrl({ url, parameters }: Connection): string {
  const parts = splitUrl(url);
  const params = new URLSearchParams();
  for (const name of ["host", "port", "user", "password", "options"]) {
    const value = parameters.get(name);
    if (value !== undefined) params.set(name, value);
  }
  return joinUrl({ ...parts, params });
}

/** For PostgreSQL's own programs; the password stays. `rootFile` holds the authorities that Node trusts. */
export function programUrl(
  { url, parameters, tls: mode }: Connection,
  { rootFile, options }: { readonly rootFile: string; readonly options: string },
): string {
  const params = new URLSearchParams();
  for (const name of PASSED_ON) {
    const value = parameters.get(name);
    if (value !== undefined) params.set(name, value);
  }
  const given = parameters.get("options");
  const all = [given, options].filter((text) => text !== undefined && text !== "").join(" ");
  if (all !== "") params.set("options", all);
  params.set("sslmode", mode === "no-verify" ? "require" : mode);
  const root = parameters.get("sslrootcert");
  const isChecked = mode === "verify-ca" || mode === "verify-full";
  // Else a file in the user's home would be taken, and the certificate checked against it.
  if (!isChecked || root === undefined || root === "system") params.set("sslrootcert", rootFile);
  else params.set("sslrootcert", root);
  return joinUrl({ ...splitUrl(url), params });
}

const PASSED_ON = [
  ...["host", "port", "user", "password", "connect_timeout", "keepalives", "keepalives_idle"],
  ...["gssencmode", "channel_binding", "sslcert", "sslkey"],
] as const;

/** The authorities that Node trusts, as one text; null where the certificate is not checked against them. */
export function trustedRoots({ parameters, tls: mode }: Connection): string | null {
  const root = parameters.get("sslrootcert");
  const isChecked = mode === "verify-ca" || mode === "verify-full";
  if (!isChecked || (root !== undefined && root !== "system")) return null;
  // Node 22.15 knows what it trusts; before it, what the environment adds is missing.
  const { getCACertificates } = tls as { getCACertificates?: (type: string) => string[] };
  return (getCACertificates?.("default") ?? tls.rootCertificates).join("\n");
}
