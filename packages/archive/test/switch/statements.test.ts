// What a script says of settings and grants, letter by letter, and how the old archive is called.

import { expect, test } from "vitest";
import { grantStatements } from "../../src/switch/grants.ts";
import { oldNameOf } from "../../src/switch/old-name.ts";
import { settingStatements } from "../../src/switch/settings.ts";

test.each([
  ["search_path", '"$user", public', "'$user', 'public'"],
  ["search_path", '"a ""b"", c", d', `'a "b", c', 'd'`],
  ["search_path", '""', "''"],
  ["temp_tablespaces", "", "''"],
  ["DateStyle", "ISO, DMY", "'ISO, DMY'"],
  ["application_name", 'it\'s \\ "x", :y', "'it''s \\ \"x\", :y'"],
])("the setting %s to %s is one list or one text", (name, value, text) => {
  expect(settingStatements('"db"', [{ role: null, name, value }])).toEqual([
    `alter database "db" set "${name}" to ${text};`,
  ]);
  expect(settingStatements('"db"', [{ role: 'a "b"', name, value }])).toEqual([
    `alter role "a ""b""" in database "db" set "${name}" to ${text};`,
  ]);
});

test("grants to everybody, to a role called public and to be handed on are three statements", () => {
  const grants = [
    { grantee: null, privilege: "CONNECT", isGrantable: false },
    { grantee: "public", privilege: "CONNECT", isGrantable: false },
    { grantee: "public", privilege: "CREATE", isGrantable: true },
  ];
  expect(grantStatements('database "db"', grants)).toEqual([
    'grant connect on database "db" to public;',
    'grant connect on database "db" to "public";',
    'grant create on database "db" to "public" with grant option;',
  ]);
});

test("a privilege that is no word is not written into a script", () => {
  const grants = [{ grantee: null, privilege: "ALL; drop", isGrantable: false }];
  expect(() => grantStatements('database "db"', grants)).toThrow("has a privilege");
});

test.each([
  ["archive", "archive_before_fork_20240604"],
  ["x".repeat(63), `${"x".repeat(42)}_before_fork_20240604`],
  ["é".repeat(31), `${"é".repeat(21)}_before_fork_20240604`],
])("the old archive %s is put aside under its name and the day", (name, old) => {
  const day = new Date("2024-06-04T23:59:59Z");
  expect(oldNameOf(name, day, new Set([name]))).toBe(old);
  const next = oldNameOf(name, day, new Set([name, old]));
  expect(next).toMatch(/_before_fork_20240604_2$/);
  expect(Buffer.byteLength(next)).toBeLessThanOrEqual(63);
});
