// The decision records: each has its parts and its date, and the list of them is that of the folder.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const FOLDER = path.join(import.meta.dirname, "../docs/decisions");
const records = readdirSync(FOLDER)
  .filter((name) => name !== "README.md")
  .sort();
const read = (name: string) => readFileSync(path.join(FOLDER, name), "utf8");

const dateOf = (name: string) => /^- Date: (\d{4}-\d{2}-\d{2})$/m.exec(read(name))?.[1];

test("the list names every record with its date and title, in their order", () => {
  const rows = records.map((name) => {
    const [, title] = /^# \d+\. (.+)$/m.exec(read(name))!;
    return `| [${name.slice(0, 4)}](${name}) | ${dateOf(name)} | ${title} |`;
  });
  const listed = read("README.md")
    .split("\n")
    .filter((line) => line.startsWith("| ["));
  expect(listed).toEqual(rows);
});

test("records are numbered without a gap, and none is older than the one before", () => {
  expect(records.map((name) => Number(name.slice(0, 4)))).toEqual(records.map((_, at) => at + 1));
  const dates = records.map((name) => dateOf(name) ?? "");
  expect(dates).toEqual(dates.toSorted());
});

test.each(records)("%s says when, what and at what cost, on one screen", (name) => {
  const text = read(name);
  expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.md$/);
  expect(text).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. `));
  expect(dateOf(name)).toBe(new Date(dateOf(name)!).toISOString().slice(0, 10));
  expect(text).toMatch(/^- Status: (accepted|superseded by \[\d{4}\]\(\d{4}-[a-z0-9-]+\.md\))$/m);
  expect([...text.matchAll(/^## (.+)$/gm)].map(([, part]) => part)).toEqual([
    "Context",
    "Decision",
    "Consequences",
  ]);
  expect(text.split("\n").length).toBeLessThanOrEqual(40);
});

test("what a record links to exists", () => {
  for (const name of ["README.md", ...records]) {
    for (const [, link] of read(name).matchAll(/\]\(([^)#]+)/g)) {
      expect(existsSync(path.join(FOLDER, link!)), `${link} of ${name}`).toBe(true);
    }
  }
});
