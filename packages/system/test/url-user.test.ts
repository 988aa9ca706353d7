import { expect, test } from "vitest";
import { authorizationOf, percentDecoded } from "../src/url-user.ts";

/** What a server reads out of the header. */
function userTold(url: string): string | undefined {
  const { authorization } = authorizationOf(new URL(url));
  if (authorization === undefined) return undefined;
  const [scheme, user = ""] = authorization.split(" ");
  expect(scheme).toBe("Basic");
  return Buffer.from(user, "base64").toString();
}

test.each([
  ["https://host/folder", undefined],
  ["https://ann:secret@host/folder", "ann:secret"],
  ["https://ann@host/folder", "ann:"],
  ["https://:token@host/folder", ":token"],
  ["https://ann:p%40ss@host/folder", "ann:p@ss"],
  ["https://ann:100%@host/folder", "ann:100%"],
])("%s tells the server of %s", (url, user) => {
  expect(userTold(url)).toBe(user);
});

test.each([
  ["100%25", "100%"],
  ["100%", "100%"],
  ["a%20b%zz", "a%20b%zz"],
])("%s without percent-encoding is %s", (text, plain) => {
  expect(percentDecoded(text)).toBe(plain);
});
