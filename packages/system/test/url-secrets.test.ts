import { describe, expect, test } from "vitest";
import { maskUrlSecrets, secretsInUrl } from "../src/url-secrets.ts";

describe("of a URL", () => {
  test.each([
    ["with an unescaped @", "postgres://u:p@ss@host/db", "p@ss"],
    ["with an unescaped /", "postgres://u:pa/ss@host/db", "pa/ss"],
    ["with an unescaped ?", "https://u:pa?ss@host/a", "pa?ss"],
    ["with what looks like a parameter", "postgres://u:pa?s=s@host/db", "pa?s=s"],
    ["with an unescaped #", "postgres://u:pa#ss@host/db", "pa#ss"],
    ["with a space", "postgres://u:pa ss@host/db", "pa ss"],
    ["with what looks like a port", "postgres://u:12/ss@host/db", "12/ss"],
    ["of a user with an @", "postgres://u@server:pass@host:5432/db", "pass"],
    ["of nobody", "https://:pass@host/", "pass"],
    ["before a query with an @", "postgres://u:p@ss@host/db?user=a@b", "p@ss"],
  ])("the password is masked, also one %s", (_what, url, password) => {
    expect(maskUrlSecrets(url)).toBe(url.replace(`:${password}@`, ":***@"));
    expect(secretsInUrl(url)).toEqual([password]);
  });

  test.each([
    "sig",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Goog-Signature",
    "X-Goog-Credential",
    "access_token",
    "token",
    "api_key",
    "key",
    "password",
    "passwd",
    "client_secret",
  ])("the parameter %s is masked", (name) => {
    const url = (value: string) => `https://host/a?sv=1&${name}=${value}&se=2`;
    expect(maskUrlSecrets(url("pa%2Fss="))).toBe(url("***"));
    expect(secretsInUrl(url("pa%2Fss="))).toEqual(["pa%2Fss="]);
    expect(maskUrlSecrets(`/a?${name}=pass`)).toBe(`/a?${name}=***`);
  });

  test.each([
    "postgres://me@host:5432/db?user=me@server",
    "https://host:8080?mail=me@host",
    "https://host/a?mail=me@host&signed=1",
    "http://[::1]:8080/a",
    "file:///a/b@c",
    "me@host",
  ])("nothing is masked that is no secret: %s", (url) => {
    expect(maskUrlSecrets(url)).toBe(url);
    expect(secretsInUrl(url)).toEqual([]);
  });

  test.each(["host:8080", "u:outer@host"])("a URL in its query has its own: %s", (server) => {
    const url = `https://${server}/?to=https://u:inner@host/`;
    expect(maskUrlSecrets(url)).toMatch(/\?to=https:\/\/u:\*\*\*@host\/$/);
    expect(secretsInUrl(url).at(-1)).toBe("inner");
  });

  test.each(["u:inner@host", "u:inner@host/x", "http:/u:inner@host", "//u:inner@host"])(
    "what is nearly one in its query has its own: %s",
    (nearly) => {
      const url = `https://host/a?n=1&to=${nearly}&m=2`;
      expect(maskUrlSecrets(url)).toBe(url.replace("inner", "***"));
      expect(secretsInUrl(url)).toEqual(["inner"]);
    },
  );

  test("a masked one stays as it is", () => {
    const masked = maskUrlSecrets("postgres://u:p@ss@host/db?password=x");
    expect(maskUrlSecrets(masked)).toBe(masked);
  });
});
