import { describe, expect, test } from "vitest";
import { maskUrl, splitUrl, urlWithDatabase, withoutPassword } from "../src/connection-url.ts";
import { connect } from "../src/session.ts";

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
