// Texts that are nearly URLs, and secrets behind a name: none is shown, however it is written.

import { describe, expect, test } from "vitest";
import { maskUrlSecrets, secretsInUrl } from "../src/url-secrets.ts";

/** Stands in no other part of the texts below. */
const PW = "Zq7x";

describe("a text", () => {
  test.each([
    "u:PW@h/x",
    "http:/u:PW@h",
    "http:///u:PW@h",
    "postgres:u:PW@h",
    "postgres:/u:PW@h:5432/db",
    "//u:PW@h",
    "://u:PW@h",
    "user:PW@host:5432/db",
    ":PW@host",
    "u@server:PW@host/db",
    "us?er:PW@host/db",
    "postgress://u:PW@h/db",
    "POSTGRES://u:PW@h/db",
    "http://http://u:PW@h/",
    " postgres://u:PW@h/db",
    "postgres ://u:PW@h/db",
    '"u:PW@h/x"',
    "postgres://u:PW%40h/db",
    "postgres://u:PW",
    "postgres://u:PW/db",
    "https://[::1]:PW@h/",
    "postgres%3A%2F%2Fu%3APW%40h%2Fdb",
    "https://h/?to=postgres%3A%2F%2Fu%3APW%40h%2Fdb",
    "u%3APW%40h",
    "postgres://u%3APW@h/db",
    "https://h/x?pass=PW",
    "pass: PW",
    "password=a\\ PW host=h",
    "postgres%253A%252F%252Fu%253APW%2540h",
    "postgres://h/db?password=PW",
    "postgres://h/db?sslmode=require&sslpassword=PW&x=1",
    "postgres://h/db?PASSWORD=PW",
    "https://h/#access_token=PW",
    "https://h/a?X-Amz-Signature=PW&X-Amz-Date=1",
    "https://h/a?sv=1&sig=PW",
    "host=h password=PW",
    "host=h password = PW dbname=x",
    "host=h password='PW PW' dbname=x",
    "host=h password='it\\'s PW' dbname=x",
    'password="a PW" host=h',
    "password%3DPW",
    "sslpassword=PW",
    "PGPASSWORD=PW",
    "PGPASSWORD='PW PW' psql",
    "AWS_SECRET_ACCESS_KEY=PW",
    "FORKLIFT_TOKEN=PW",
    "client_secret=PW",
    '{"password":"PW"}',
    "{ password: 'a PW' }",
    "password: PW",
    "x-api-key: PW",
    "X-Amz-Security-Token: PW",
    "Authorization: Bearer PW",
    "Authorization: Basic PW==",
    "authorization=PW",
    '{"authorization":"Basic PW="}',
    "Proxy-Authorization: Digest PW",
    "sent Bearer abc.PW.def",
    "ran psql --password PW",
    "ran x --db-password 'a PW' --jobs 2",
    "ran curl --auth PW",
    "auth=PW",
    "https://h/?to=u:PW@h",
  ])("never shows its password: %s", (text) => {
    for (const password of [PW, `a@${PW}`, `a#${PW}`, `a/${PW}`, `${PW}/b#c@d`]) {
      // What ends a parameter or a header cannot stand in it unescaped; anywhere else it can.
      if (
        /[?&#]\w+=PW|[?]to=u|earer|Basic|Digest|PW \w|PW%40h|u:PW(?:\/|$)/.test(text) &&
        password !== PW
      )
        continue;
      const written = text.replaceAll("PW", () => password);
      const masked = maskUrlSecrets(written);
      expect(masked).not.toContain(PW);
      expect(masked).toContain("***");
      expect(maskUrlSecrets(masked)).toBe(masked);
      expect(secretsInUrl(written).join(" ")).toContain(PW);
    }
  });

  test.each([
    ["u:PW@h/x", "u:***@h/x"],
    ["http:/u:PW@h", "http:/u:***@h"],
    ["//u:PW@h", "//u:***@h"],
    ["user:PW@host:5432/db", "user:***@host:5432/db"],
    ["host=h password='a b' dbname=x", "host=h password=*** dbname=x"],
    ["Authorization: Bearer PW", "Authorization: ***"],
  ])("keeps what tells which one it is: %s", (text, masked) => {
    expect(maskUrlSecrets(text)).toBe(masked);
  });

  test.each([
    "me@host",
    "git@host:path/x",
    "me@host:5432/db",
    "localhost:5432",
    "12:30:00",
    "2026-11-21T02:00:07.123Z",
    "file:///app/a.js:15:9",
    "at run (/app/node_modules/@x/y.js:12:34)",
    "postgres://host:5432/db",
    "https://[::1]:8080/a",
    "https://host:443",
    "cannot read https://host: ENOENT",
    "password authentication failed for user",
    "the secret of the token is a signature",
    "Basic authentication",
    "give --password, or set PGPASSWORD",
    "give --auth --now",
    "author=me",
    "Key (id)=(5) already exists",
    "gs://bucket/prefix/",
  ])("of no secret stays as it is: %s", (text) => {
    expect(maskUrlSecrets(text)).toBe(text);
  });
});
