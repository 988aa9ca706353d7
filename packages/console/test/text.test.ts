// What is printed: without secrets, in few characters, in columns.

import { describe, expect, test } from "vitest";
import { maskSecrets } from "../src/text/mask-secrets.ts";
import { duration, grouped } from "../src/text/numbers.ts";
import { redact, secretsOfUrls, secretsOfWebhook } from "../src/text/redact.ts";
import { table } from "../src/text/table.ts";

describe("what is printed", () => {
  test("passwords and signatures never are, however deep they lie", () => {
    const value = {
      url: "postgres://me:secret@host/db?password=secret",
      list: ["https://host/x?X-Goog-Signature=secret&a=1", 7, null],
    };
    expect(JSON.stringify(maskSecrets(value))).not.toContain("secret");
    expect(maskSecrets("postgres://me@host/db")).toBe("postgres://me@host/db");
  });

  test("a mask hides a password as a whole, and ends before the next URL", () => {
    expect(maskSecrets("at postgres://me:se/cr@t@host/db, mail me@host")).toBe(
      "at postgres://me:***@host/db, mail me@host",
    );
    expect(maskSecrets("https://host:80/,https://me:secret@host/?sig=secret,gs://b/")).toBe(
      "https://host:80/,https://me:***@host/?sig=***,gs://b/",
    );
  });

  test.each([
    "cannot read u:secret@h/x: ENOENT",
    "near http:/u:secret@h, postgres:u:secret@h and //u:secret@h",
    "connecting with host=h password='a secret' dbname=x",
    'sent {"authorization":"Bearer secret"} and Authorization: Basic secret=',
    "PGPASSWORD=secret psql",
    "GET https://h/?to=postgres%3A%2F%2Fu%3Asecret%40h",
  ])("nor are those of texts that are nearly URLs, or behind a name: %s", (text) => {
    const masked = maskSecrets(text);
    expect(masked).not.toContain("secret");
    expect(maskSecrets(masked)).toBe(masked);
  });

  test("numbers are grouped, durations short", () => {
    expect([0, 999, 1000, 1234567].map((n) => grouped(n))).toEqual([
      "0",
      "999",
      "1,000",
      "1,234,567",
    ]);
    expect([0, 59_940, 60_000, 3_600_000, 5_400_000].map(duration)).toEqual([
      "0.0s",
      "59.9s",
      "1m00s",
      "1h00m",
      "1h30m",
    ]);
  });

  test("tables align, also without rows", () => {
    const columns = [{ title: "stage" }, { title: "rows", align: "right" }] as const;
    expect(
      table(columns, [
        ["copy-blocks", "12,345"],
        ["x", "1"],
      ]),
    ).toBe(
      [
        "stage          rows",
        "-----------  ------",
        "copy-blocks  12,345",
        "x                 1",
      ].join("\n"),
    );
    expect(table(columns, [])).toBe("stage  rows\n-----  ----");
  });
});

describe("what is kept or sent", () => {
  const webhook = "https://hooks.example.org/services/mainnet/archive-daily/Xq83kd92mw01aa";
  const clear = (text: string, url = webhook) => redact(text, secretsOfWebhook(url));

  test("has no token of a webhook, wherever it turns up", () => {
    for (const text of [webhook, "Xq83kd92mw01aa", "archive-daily/Xq83kd92mw01aa"]) {
      expect(clear(`posting to ${text} failed`)).not.toContain("Xq83kd92mw01aa");
    }
    expect(clear("/services/T000/B000/abcdef", "https://h/services/T000/B000/abcdef")).toBe("***");
    expect(clear("T000/B000/abcdef", "https://h/services/T000/B000/abcdef")).toBe("***");
  });

  test("keeps words that also stand in the path of a webhook", () => {
    const text =
      "the services of mainnet, archive-daily and hooks.example.org: mainnet/archive-daily";
    expect(clear(text)).toBe(text);
    expect(clear("archive-daily", "https://h/archive-daily")).toBe("archive-daily");
  });

  test("keeps words that a secret is a part of, and short ones", () => {
    const secrets = secretsOfUrls(["postgres://u:archive@h/db", "postgres://u:prod@h/db"]);
    expect(redact("archives of prod, not archive", secrets)).toBe("archives of prod, not ***");
    // What most installations have for a password, and every message for a word.
    const common = secretsOfUrls("postgres://postgres:postgres@h/db");
    expect(
      redact("PostgreSQL at postgres://postgres:postgres@h/db: postgres is away", common),
    ).toBe("PostgreSQL at postgres://postgres:***@h/db: postgres is away");
    expect(redact("postgres://u:prod@h/db", secrets)).toBe("postgres://u:***@h/db");
    expect(redact("p/2 and xp/2", secretsOfUrls("postgres://u:p%2F2@h/db"))).toBe("*** and xp/2");
  });
});
