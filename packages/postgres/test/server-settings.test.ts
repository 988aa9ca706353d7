import { connect } from "@forklift/postgres";
import { settingText, sizeText } from "@forklift/system";
import { openPlainRole, openTestDatabase, openTestSession } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import {
  readServerSettings,
  type ServerSettings,
  settingWarnings,
} from "../src/server/server-settings.ts";

const GB = 1024 ** 3;

describe("readServerSettings", () => {
  test("reads what the server itself shows, in bytes", async () => {
    await using database = await openTestDatabase();
    await using session = await openTestSession(database);
    const settings = await readServerSettings(session, "target");
    const [shown] = await session.query<Record<string, string>>(
      `select current_setting('server_version') as version,
              pg_size_bytes(current_setting('max_wal_size')) as wal,
              pg_size_bytes(current_setting('shared_buffers')) as buffers,
              pg_size_bytes(current_setting('maintenance_work_mem')) as maintenance`,
    );
    expect(settings).toMatchObject({
      role: "target",
      version: shown!["version"],
      versionMajor: Number.parseInt(shown!["version"]!, 10),
      maxWalBytes: Number(shown!["wal"]),
      sharedBuffersBytes: Number(shown!["buffers"]),
      maintenanceWorkMemBytes: Number(shown!["maintenance"]),
      isStandby: false,
      freeUnreadable: null,
    });
    expect(settings.databaseBytes).toBeGreaterThan(1024 ** 2);
    expect(settings.freeBytes).toBeGreaterThan(0);
  });

  test("says why a plain role cannot tell the free space, and reads the rest", async () => {
    await using database = await openTestDatabase();
    await using role = await openPlainRole(database, []);
    await using session = await connect(role.url, { applicationName: "test" });
    const settings = await readServerSettings(session, "source");
    expect(settings.freeBytes).toBeNull();
    expect(settings.freeUnreadable).toContain("pg_read_all_settings");
    expect(settings.maxWalBytes).toBeGreaterThan(0);
    expect(settings.databaseBytes).toBeGreaterThan(0);
  });
});

describe("settingWarnings", () => {
  const well: ServerSettings = {
    role: "target",
    version: "15.8",
    versionMajor: 15,
    isStandby: false,
    databaseBytes: GB,
    maxWalBytes: 16 * GB,
    sharedBuffersBytes: 4 * GB,
    maintenanceWorkMemBytes: GB,
    isFsyncOn: true,
    isThrowaway: false,
    maxStandbyStreamingDelayMs: 30_000,
    freeBytes: 1000 * GB,
    freeUnreadable: null,
  };
  const load = { bytes: 100 * GB };

  test("says nothing of a server that is set up well", () => {
    expect(settingWarnings(well, load)).toEqual([]);
    expect(settingWarnings({ ...well, role: "source" }, load)).toEqual([]);
  });

  test("says nothing of what it could not read", () => {
    const unread = {
      maxWalBytes: null,
      sharedBuffersBytes: null,
      isFsyncOn: null,
      freeBytes: null,
    };
    expect(settingWarnings({ ...well, ...unread }, load)).toEqual([]);
  });

  test.each<[string, Partial<ServerSettings>, RegExp]>([
    [
      "an old release",
      { version: "11.22", versionMajor: 11 },
      /PostgreSQL 11\.22 is older than 15/,
    ],
    ["fsync off", { isFsyncOn: false }, /fsync is off/],
    ["little WAL", { maxWalBytes: GB }, /max_wal_size is 1\.0 GB for a load of 107\.4 GB/],
    ["the default buffers", { sharedBuffersBytes: 128 * 1024 ** 2 }, /shared_buffers is 128\.0 MB/],
    [
      "a full disk",
      { freeBytes: 99 * GB },
      /106\.3 GB are free, the migration takes about 107\.4 GB/,
    ],
    ["a standby", { role: "source", isStandby: true }, /max_standby_streaming_delay = 30000 ms/],
  ])("tells of %s, with the value and the reason", (_what, change, says) => {
    const warnings = settingWarnings({ ...well, ...change }, load);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(says);
  });

  test("does not ask a server for safety that was started for one run", () => {
    expect(settingWarnings({ ...well, isFsyncOn: false, isThrowaway: true }, load)).toEqual([]);
  });

  test("does not ask much of a server for a small load", () => {
    const small = { maxWalBytes: GB, sharedBuffersBytes: 128 * 1024 ** 2 };
    expect(settingWarnings({ ...well, ...small }, { bytes: GB / 2 })).toEqual([]);
  });
});

test("sizes are in powers of ten, settings in units of 1024", () => {
  expect([0, 999, 1500, 999_960, 1.5e9, 2e15, 42_000n].map(sizeText)).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "1.0 MB",
    "1.5 GB",
    "2000.0 TB",
    "42.0 kB",
  ]);
  expect([1023, 1536, GB, 128 * 1024 ** 2].map(settingText)).toEqual([
    "1023 B",
    "1.5 kB",
    "1.0 GB",
    "128.0 MB",
  ]);
});
