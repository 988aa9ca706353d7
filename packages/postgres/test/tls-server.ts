// A PostgreSQL server with TLS, and certificates of all kinds for it, made with openssl.

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, readdirSync } from "node:fs";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { findBinaries } from "../src/server/binaries.ts";
import { connect } from "../src/session/session.ts";

/** What the server shows: each is signed by the authority but for the first. */
export type Shown = "self-signed" | "right" | "of another host" | "expired";

export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  /** The certificate of the authority. */
  readonly authority: string;
  /** Switches TLS on with that certificate, or off. */
  show(certificate: Shown | null): Promise<void>;
}

/** Who runs it, as it refuses to run as root. */
const NOBODY = { uid: 65534, gid: 65534 };

/** `walled` is let in with TLS alone, `scrammed` with its password as well. */
const RULES = `local all all trust
hostssl all scrammed all scram-sha-256
hostssl all all all trust
hostnossl all walled all reject
hostnossl all all all trust
`;

export async function startTlsServer(): Promise<TlsServer> {
  const dir = await mkdtemp(path.join(tmpdir(), "fl-tls-"));
  const identity = process.getuid?.() === 0 ? NOBODY : null;
  const bin = (await findBinaries())!.dir;
  const run = (program: string, ...args: string[]) =>
    execFileSync(path.join(bin, program), args, { ...(identity ?? {}), cwd: dir, stdio: "ignore" });
  makeCertificates(dir);
  const own = (file: string) => {
    if (identity !== null) chownSync(file, identity.uid, identity.gid);
  };
  for (const name of ["", ...readdirSync(dir)]) own(path.join(dir, name));
  const data = path.join(dir, "data");
  run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "-N");
  await writeFile(path.join(data, "pg_hba.conf"), RULES);
  const port = await freePort();
  await appendFile(
    path.join(data, "postgresql.conf"),
    `port = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '${dir}'\nfsync = off\n`,
  );
  run("pg_ctl", "-D", data, "-l", path.join(dir, "log"), "-w", "start");
  const query = async (sql: string) => {
    const url = `postgres://postgres@/postgres?host=${dir}&port=${port}`;
    await using session = await connect(url, { applicationName: "tls test" });
    for (const statement of sql.split(";")) await session.query(statement);
  };
  await query("create role scrammed login password 'hush'; create role walled login");
  return {
    port,
    authority: path.join(dir, "authority.pem"),
    async show(certificate) {
      if (certificate !== null) {
        for (const [kind, file] of [
          ["pem", "server.crt"],
          ["key", "server.key"],
        ] as const) {
          const to = path.join(data, file);
          copyFileSync(path.join(dir, `${certificate.replaceAll(" ", "-")}.${kind}`), to);
          chmodSync(to, 0o600);
          own(to);
        }
      }
      await query(`alter system set ssl = ${certificate !== null}; select pg_reload_conf()`);
    },
    async [Symbol.asyncDispose]() {
      run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop");
      await rm(dir, { recursive: true });
    },
  };
}

function makeCertificates(dir: string): void {
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });
  const newKey = ["-newkey", "rsa:2048", "-nodes"];
  const signedByItself = (name: string, subject: string) =>
    openssl(
      ...["req", "-x509", ...newKey, "-days", "2", "-subj", subject],
      ...["-keyout", `${name}.key`, "-out", `${name}.pem`],
    );
  const signed = (name: string, host: string, days: string) => {
    openssl(
      ...["req", ...newKey, "-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`],
      ...["-keyout", `${name}.key`, "-out", `${name}.csr`],
    );
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "authority.pem", "-CAkey", "authority.key"],
      ...["-copy_extensions", "copy", "-days", days, "-out", `${name}.pem`],
    );
  };
  signedByItself("authority", "/CN=authority");
  signedByItself("self-signed", "/CN=localhost");
  signed("right", "localhost", "2");
  signed("of-another-host", "archive.example.org", "2");
  signed("expired", "localhost", "-1");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
