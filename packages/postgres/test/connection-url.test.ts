import { describe, expect, test } from "vitest";
import { maskUrl, splitUrl, urlWithDatabase, withoutPassword } from "../src/connection-url.ts";

describe("a connection URL", () => {
  test.each([
    ["postgres://u:secret@host:5432/db", "postgres://u:***@host:5432/db"],
    [
      "postgresql://u:se@cret@host/db?sslmode=require",
      "postgresql://u:***@host/db?sslmode=require",
    ],
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

  test("is refused when it is none, and the refusal keeps the secret", () => {
    expect(() => splitUrl("mysql://u:secret@h/d")).toThrow(
      expect.objectContaining({
        name: "ConfigError",
        message: expect.not.stringMatching("secret"),
      }),
    );
  });
});
