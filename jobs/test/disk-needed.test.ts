// How much room a job needs in its work folder, and what it says where there is less.

import { expect, test } from "vitest";
import { configSchema } from "../src/config/schema.ts";
import { diskNeeded, tooLittleRoom } from "../src/context/disk-needed.ts";

const STORE = "file:///store/";
const PACKED = 100_000_000;

const needOf = (postgres: object, target: object = {}, isDryRun = false) =>
  diskNeeded(
    PACKED,
    configSchema.parse({ network: "mainnet", target: { store: STORE, ...target }, postgres }),
    isDryRun,
  );

test("a server of its own has both databases and its log there, a target of its own on request", () => {
  const all = { source: 1_200_000_000, target: 800_000_000, log: 2_000_000_000 };
  expect(needOf({})).toEqual({ ...all, files: 400_000_000 });
  const named = { database: "postgres://host/target" };
  expect(needOf({}, named)).toMatchObject({ source: 1_200_000_000, target: 0 });
  expect(needOf({}, named, true)).toMatchObject(all);
});

test("on a server of the operator's only the files are in the work folder", () => {
  const need = needOf({ url: "postgres://host/" });
  expect(need).toEqual({ source: 0, target: 0, log: 0, files: 400_000_000 });
});

test("the log of a server is bounded, whatever the databases take", () => {
  const { log } = diskNeeded(
    10 * PACKED ** 1.5,
    configSchema.parse({ network: "mainnet", target: { store: STORE } }),
    false,
  );
  expect(log).toBe(4_294_967_296);
});

test("what is missing is said with its parts, and nothing where there is room", () => {
  const need = needOf({});
  const place = { folder: "/var/lib/lift/prime-1", freeBytes: 1_000_000_000 };
  expect(tooLittleRoom(need, place)).toBe(
    "/var/lib/lift/prime-1 has 1.0 GB free, and this job may need 4.4 GB there (source 1.2 GB, " +
      "target 800.0 MB, log 2.0 GB, files 400.0 MB): make room, or name another place by work.dir or a " +
      "server by postgres.url",
  );
  expect(tooLittleRoom(need, { ...place, freeBytes: 4_400_000_000 })).toBeNull();
});
