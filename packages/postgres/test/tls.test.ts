// TLS with a real server: what each mode checks, what each fault is told as, and that pg_dump goes the
// way of our own session.
// @module-tag only-in-all

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isToolMissing } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDump } from "../src/dump/dump.ts";
import { connect } from "../src/session/session.ts";
import { HAS_PG_DUMP } from "./shared-data.ts";
import { type Shown, startTlsServer, type TlsServer } from "./tls-server.ts";

describe.skipIf(isToolMissing("openssl"))("TLS", () => {
  let server: TlsServer;
  let folder: string;
  let shown: Shown | null | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "fl-tls-test-"));
    server = await startTlsServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function urlFor(certificate: Shown | null, query: string, user = "postgres") {
    if (certificate !== shown) await server.show(certificate);
    shown = certificate;
    const parameters = query.replace("CA", server.authority);
    return `postgres://${user}@localhost:${server.port}/postgres?${parameters}`;
  }

  /** Whether the connection is encrypted; the reload of the certificate may take a moment. */
  async function isEncrypted(url: string): Promise<boolean> {
    await using session = await connect(url, { applicationName: "tls test" });
    const [row] = await session.query<{ ssl: boolean }>(
      "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    );
    return row!.ssl;
  }

  const CHECKED = "sslmode=verify-full&sslrootcert=CA";

  test.each<[Shown | null, string, RegExp, RegExp]>([
    [
      "self-signed",
      "sslmode=require",
      /self-signed certificate/,
      /sslrootcert=.*sslmode=no-verify/,
    ],
    ["self-signed", "ssl=true", /self-signed certificate/, /sslrootcert=/],
    ["right", "sslmode=require", /unable to verify|unable to get/, /sslrootcert=/],
    ["right", "sslmode=verify-ca", /unable to verify|unable to get/, /sslrootcert=/],
    ["of another host", CHECKED, /localhost.*archive\.example\.org/, /a name.*sslmode=verify-ca/],
    ["expired", CHECKED, /certificate has expired/, /renew/],
    ["expired", "sslmode=verify-ca&sslrootcert=CA", /certificate has expired/, /renew/],
    [null, "sslmode=require", /does not support SSL/, /ssl = on.*sslmode=disable/],
    [null, CHECKED, /does not support SSL/, /ssl = on/],
    ["right", "sslmode=require&sslrootcert=/nowhere.pem", /read \/nowhere.pem: ENOENT/, /path/],
  ])("a certificate that is %s is refused by %s", async (certificate, query, says, next) => {
    const url = await urlFor(certificate, query);
    const refused = { name: "ConfigError", exit: "config" };
    await expect
      .poll(() => isEncrypted(url).catch((error: unknown) => error))
      .toMatchObject({ ...refused, message: expect.stringMatching(says) });
    await expect(isEncrypted(url)).rejects.toMatchObject({ hint: expect.stringMatching(next) });
  });

  test.each<[Shown | null, string, boolean]>([
    ["self-signed", "sslmode=no-verify", true],
    ["self-signed", "sslmode=require&uselibpqcompat=true", true],
    ["self-signed", "sslmode=prefer", true],
    ["self-signed", "sslmode=allow", false],
    [null, "sslmode=prefer", false],
    ["right", CHECKED, true],
    ["right", "sslmode=require&sslrootcert=CA", true],
    ["of another host", "sslmode=verify-ca&sslrootcert=CA", true],
    ["expired", "sslmode=no-verify", true],
    ["right", "", false],
  ])(
    "a server that is %s is connected to with %s, and so does pg_dump",
    async (certificate, query, encrypted) => {
      const url = await urlFor(certificate, query);
      await expect.poll(() => isEncrypted(url).catch(() => null)).toBe(encrypted);
      if (!HAS_PG_DUMP) return;
      const out = path.join(folder, "dump.sql");
      const ddl = { tables: "", constraints: "" };
      await writeDump({ url, ddl, out, writer: "pg_dump" });
      expect(await readFile(out, "utf8")).toContain("PostgreSQL database dump complete");
    },
  );

  test("a server that wants TLS says so, and allow takes it", async () => {
    const url = await urlFor("right", "sslmode=disable", "walled");
    await expect(isEncrypted(url)).rejects.toMatchObject({
      exit: "config",
      hint: expect.stringContaining("sslmode=require"),
    });
    expect(await isEncrypted(url.replace("disable", "allow"))).toBe(true);
  });

  test("channel binding is had or refused", async () => {
    const bound = await urlFor("right", `${CHECKED}&channel_binding=require`, "scrammed:hush");
    expect(await isEncrypted(bound)).toBe(true);
    const unbound = await urlFor("right", "channel_binding=require");
    await expect(isEncrypted(unbound)).rejects.toMatchObject({
      exit: "config",
      message: expect.stringContaining("offers no channel binding"),
    });
  });

  test("the variables of psql stand for what the URL leaves out", async () => {
    const url = await urlFor("self-signed", "");
    process.env["PGSSLMODE"] = "require";
    try {
      await expect(isEncrypted(url)).rejects.toMatchObject({ exit: "config" });
      process.env["PGSSLMODE"] = "no-verify";
      expect(await isEncrypted(url)).toBe(true);
    } finally {
      delete process.env["PGSSLMODE"];
    }
  });
});
