import { describe, expect, test } from "vitest";
import { connectionOf, programUrl } from "../src/session/connection-parameters.ts";
import {
  maskUrl,
  splitUrl,
  urlWithDatabase,
  withoutPassword,
} from "../src/session/connection-url.ts";
import { connect } from "../src/session/session.ts";

describe("a parameter of a connection URL", () => {
  const read = (query: string) => connectionOf(`postgres://u:secret@h/d?${query}`, {});

  test.each([
    ["no_such=hush", /takes no parameter no_such$/, /leave no_such out; forklift takes .*sslmode/],
    ["sslpassword=hush", /takes no parameter sslpassword/, /leave sslpassword out/],
    ["schema=public&pgbouncer=true", /no parameter schema/, /leave schema out/],
    ["service=archive", /no parameter service/, /write host, port, database and user/],
    ["passfile=/x", /no parameter passfile/, /PGPASSFILE/],
    ["hostaddr=10.0.0.1", /no parameter hostaddr/, /in the place of the host/],
    ["dbname=d", /no parameter dbname/, /in the path/],
    ["sslmode=yes", /sslmode=yes, expected one of disable, allow.*verify-full$/, /such a value/],
    ["gssencmode=require", /gssencmode=require, expected one of disable, prefer/, /leave it out/],
    ["target_session_attrs=read-only", /expected one of any, primary/, /leave it out/],
    ["connect_timeout=soon", /connect_timeout=soon, expected a number/, /leave it out/],
    ["client_encoding=LATIN1", /client_encoding=LATIN1, expected/, /leave it out/],
    ["host=a,b", /host=a,b, expected one host/, /leave it out/],
    ["__proto__=1", /no parameter __proto__/, /leave/],
  ])("that is not taken is refused, with what to write: %s", (query, says, next) => {
    const refusal = expect.objectContaining({
      name: "ConfigError",
      message: expect.stringMatching(says) as string,
      hint: expect.stringMatching(next) as string,
    }) as Error;
    expect(() => read(query)).toThrow(refusal);
    expect(() => read(query)).not.toThrow(/secret|hush/);
  });

  test.each([
    ["", "disable"],
    ["sslmode=require", "verify-full"],
    ["sslmode=require&uselibpqcompat=true", "no-verify"],
    ["sslmode=require&uselibpqcompat=true&sslrootcert=/ca.pem", "verify-ca"],
    ["ssl=1", "verify-full"],
    ["ssl=false", "disable"],
    ["sslrootcert=/ca.pem", "verify-full"],
    ["sslmode=require&host=/run/socket", "disable"],
  ])("decides what is checked of a certificate: %s", (query, mode) => {
    expect(read(query).tls).toBe(mode);
  });

  test("reaches PostgreSQL's own programs in their words", () => {
    const connection = read(
      "sslmode=no-verify&ssl=true&uselibpqcompat=false&keepalives=1&options=-c%20jit%3Doff",
    );
    const url = programUrl(connection, { rootFile: "/none", options: "-c work_mem=1MB" });
    expect(url).toBe(
      "postgres://u:secret@h/d?keepalives=1&options=-c%20jit%3Doff%20-c%20work_mem%3D1MB" +
        "&sslmode=require&sslrootcert=/none",
    );
  });

  test("stands over the environment, and is refused there as well", () => {
    const connection = connectionOf("postgres://h/d?sslmode=disable", { PGSSLMODE: "require" });
    expect(connection.tls).toBe("disable");
    const refused = () => connectionOf("postgres://h/d", { PGGSSENCMODE: "require" });
    expect(refused).toThrow(/the environment has PGGSSENCMODE=require, expected one of/);
  });
});

test("a connection URL of several servers is refused as such", () => {
  const url = "postgres://u:secret@h1:5432,h2:5433/d?target_session_attrs=primary";
  expect(() => splitUrl(url)).toThrow(/u:\*\*\*@h1:5432,h2:5433.* names several servers/);
  expect(() => splitUrl("postgres://u:se,cret@h/d")).not.toThrow();
});

describe("a connection URL", () => {
  test.each([
    ["postgres://u:secret@host:5432/db", "postgres://u:***@host:5432/db"],
    [
      "postgresql://u:se@cret@host/db?sslmode=require",
      "postgresql://u:***@host/db?sslmode=require",
    ],
    ["postgres://u:sec?ret/secret@host/db", "postgres://u:***@host/db"],
    ["postgres://u@/db?host=/run/x&password=secret", "postgres://u@/db?host=/run/x&password=***"],
    ["postgres://host/db", "postgres://host/db"],
    ["host=h password=secret dbname=d", "host=h password=*** dbname=d"],
  ])("is shown without its password: %s", (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
    expect(masked).not.toContain("secret");
  });

  test.each([
    [
      "postgres://u:p@host:5432/one?sslmode=require",
      "postgres://u:p@host:5432/two?sslmode=require",
    ],
    ["postgres://u@/one?host=/run/x&port=5432", "postgres://u@/two?host=/run/x&port=5432"],
    ["postgres://host", "postgres://host/two"],
  ])("can be turned to another database: %s", (url, other) => {
    expect(urlWithDatabase(url, "two")).toBe(other);
  });

  test("gives its password away apart, wherever it was written", () => {
    expect(withoutPassword("postgres://u:a%40b@h/d")).toEqual({
      url: "postgres://u@h/d",
      password: "a@b",
    });
    expect(withoutPassword("postgres://u@/d?host=/x&password=p")).toEqual({
      url: "postgres://u@/d?host=/x",
      password: "p",
    });
    expect(withoutPassword("postgres://u@h/d").password).toBeUndefined();
  });

  test.each([
    ["when it is none", "mysql://u:secret@h/d"],
    ["with a ? in its password", "postgres://u:pa?secret@h/d"],
    ["with a / in its password", "postgres://u:pa/secret@h/d"],
    ["with a # in its password", "postgres://u:pa#secret@h/d"],
    ["with half an escape in its password", "postgres://u:pa%secret@h/d"],
    ["with half an escape in its database", "postgres://u:secret@h/d%"],
    ["with a port that is none", "postgres://u:secret@h:99999/d"],
  ])("is refused %s, and the refusal keeps the secret", async (_what, url) => {
    const refusal = expect.objectContaining({
      name: "ConfigError",
      message: expect.not.stringMatching("secret") as string,
      hint: expect.stringContaining("percent-encode special characters") as string,
    }) as Error;
    expect(() => splitUrl(url)).toThrow(refusal);
    await expect(connect(url, { applicationName: "url test" })).rejects.toThrow(refusal);
  });

  test.each([
    "postgres://",
    "postgres:///db",
    "postgres://u@?host=/run/x",
    "postgres://u@/db?host=/run/x",
    "postgres://u:p@%2Frun%2Fx/db",
    "postgres://u:p@ss@[::1]:5432/db",
  ])("is taken as the driver takes it: %s", (url) => {
    expect(() => splitUrl(url)).not.toThrow();
  });
});
