import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { openStore, splitObjectUrl } from "../src/open-store.ts";
import { maskUrl, objectUrl, parseStoreUrl } from "../src/store-url.ts";

test("paths are local, relative ones from the working directory", () => {
  expect(parseStoreUrl("/a b/c").href).toBe("file:///a%20b/c");
  for (const text of ["./x", "x", "../x", "x/2024-06-05T00:00.json"]) {
    expect(parseStoreUrl(text).href).toBe(pathToFileURL(resolve(text)).href);
  }
});

test.each([
  "file://./x",
  "file:x",
  "file:/x",
  "file://host/x",
  "gs:/x",
  "https:/x",
  "postgres:x",
  "",
])("%j is refused", (text) => {
  expect(() => parseStoreUrl(text)).toThrow(ConfigError);
});

test.each(["//h/x", " gs://b/x", "x ://b"])("%j, which is half a URL, is no path", (text) => {
  expect(() => parseStoreUrl(text)).toThrow("neither a path nor a URL");
});

test.each([
  "https://u:a@b/s3cret@h/x",
  "https://u:a@s3cret#/@h/x",
  "https://u:a@s3cret?b@h/x",
  "s3://u:a@s3cret#?/@h/x",
])("%s is refused without any part of its password", (text) => {
  expect(() => parseStoreUrl(text)).toThrow(ConfigError);
  expect(() => parseStoreUrl(text)).not.toThrow("s3cret");
});

test("an unknown scheme is refused by naming the known ones", () => {
  expect(() => openStore("s3://bucket/x")).toThrow(
    "s3://bucket/x has scheme s3://, expected one of file://, gs://, http://, https://",
  );
});

test("the URL of an object is split into its store and its name", () => {
  const { store, name } = splitObjectUrl("https://host/a/b%20c.json?token=1");
  expect(name).toBe("b c.json");
  expect(store.url).toBe("https://host/a?***");
  expect(() => splitObjectUrl("https://host/a/")).toThrow(ConfigError);
});

test("names go before the query and are escaped", () => {
  const url = objectUrl(new URL("https://host/a?token=1"), "b/c?#%.json");
  expect(url.href).toBe("https://host/a/b/c%3F%23%25.json?token=1");
});

test("no secret is printed", () => {
  expect(maskUrl(new URL("https://me:secret@host/a?sig=x#y"))).toBe("https://***@host/a?***");
  expect(maskUrl(new URL("https://host/a"))).toBe("https://host/a");
});
