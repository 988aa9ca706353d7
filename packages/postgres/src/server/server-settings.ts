// The settings of a PostgreSQL server that decide how a migration goes on it, and what is to be said
// about them. Every value may be one that the role cannot read; then it is null, and no error.

import { statfs } from "node:fs/promises";
import { settingText, sizeText } from "@forklift/system";
import type { Session } from "../session/session.ts";
import { THROWAWAY_CLUSTER } from "./server.ts";

export type Role = "source" | "target";

export interface ServerSettings {
  readonly role: Role;
  /** As the server prints it, such as `15.8`. */
  readonly version: string;
  readonly versionMajor: number;
  readonly isStandby: boolean;
  readonly databaseBytes: number | null;
  readonly maxWalBytes: number | null;
  readonly sharedBuffersBytes: number | null;
  readonly maintenanceWorkMemBytes: number | null;
  readonly isFsyncOn: boolean | null;
  /** A server that forklift started itself, for one run. */
  readonly isThrowaway: boolean;
  /** How long a standby lets a query hold up what its primary sends; -1 is for ever. */
  readonly maxStandbyStreamingDelayMs: number | null;
  /** Free space where the server keeps its files; null unless it is ours to see. */
  readonly freeBytes: number | null;
  /** Why `freeBytes` is null. */
  readonly freeUnreadable: string | null;
}

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

/** Bytes of one unit of `pg_settings.unit`. */
const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, kB: KB, "8kB": 8 * KB, MB };

export async function readServerSettings(session: Session, role: Role): Promise<ServerSettings> {
  const rows = await session.query<{ name: string; setting: string; unit: string | null }>(
    "select name, setting, unit from pg_settings where name = any($1)",
    [
      [
        "server_version",
        "server_version_num",
        "max_wal_size",
        "shared_buffers",
        "maintenance_work_mem",
        "fsync",
        "cluster_name",
        "max_standby_streaming_delay",
        // Only for a superuser or a member of pg_read_all_settings.
        "data_directory",
      ],
    ],
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  const bytes = (name: string) => {
    const row = found.get(name);
    return row === undefined ? null : Number(row.setting) * (UNIT_BYTES[row.unit ?? "B"] ?? 1);
  };
  const number = (name: string) => {
    const row = found.get(name);
    return row === undefined ? null : Number(row.setting);
  };
  const fsync = found.get("fsync")?.setting;
  const [state] = await session.query<{ standby: boolean; bytes: string; local: boolean }>(
    `select pg_is_in_recovery() as standby, pg_database_size(current_database()) as bytes,
            coalesce(host(inet_server_addr()) in ('127.0.0.1', '::1'), true) as local`,
  );
  return {
    role,
    version: found.get("server_version")?.setting ?? "unknown",
    versionMajor: Math.floor((number("server_version_num") ?? 0) / 10_000),
    isStandby: state!.standby,
    databaseBytes: Number(state!.bytes),
    maxWalBytes: bytes("max_wal_size"),
    sharedBuffersBytes: bytes("shared_buffers"),
    maintenanceWorkMemBytes: bytes("maintenance_work_mem"),
    isFsyncOn: fsync === undefined ? null : fsync === "on",
    isThrowaway: found.get("cluster_name")?.setting === THROWAWAY_CLUSTER,
    maxStandbyStreamingDelayMs: number("max_standby_streaming_delay"),
    ...(await freeSpace(found.get("data_directory")?.setting, state!.local)),
  };
}

/** No query returns it; the file system is queried instead, when the server is on this machine. */
async function freeSpace(
  directory: string | undefined,
  isLocal: boolean,
): Promise<Pick<ServerSettings, "freeBytes" | "freeUnreadable">> {
  const unreadable = (why: string) => ({ freeBytes: null, freeUnreadable: why });
  if (!isLocal) return unreadable("the server is on another machine");
  if (directory === undefined) {
    return unreadable("the role may not read data_directory (grant pg_read_all_settings)");
  }
  try {
    const { bavail, bsize } = await statfs(directory);
    return { freeBytes: bavail * bsize, freeUnreadable: null };
  } catch (error) {
    return unreadable(`${directory}: ${(error as NodeJS.ErrnoException).code ?? "unreadable"}`);
  }
}

/** What a migration would write to the target. */
export interface Load {
  readonly bytes: number;
}

/** The oldest that the tests run on. */
const MAJOR_MIN = 15;

/** A load of this many times `max_wal_size` is interrupted by as many forced checkpoints. */
const WAL_TIMES_MAX = 8;

/** The server's own default of `shared_buffers`; a migration larger than it deserves more. */
const SHARED_BUFFERS_DEFAULT = 128 * MB;

/** Sentences with value, reason and setting; none when all is well. Pure. */
export function settingWarnings(settings: ServerSettings, load: Load): string[] {
  const { role, version, versionMajor } = settings;
  const warnings: string[] = [];
  const warn = (sentence: string) => warnings.push(`the ${role} server: ${sentence}`);
  if (versionMajor < MAJOR_MIN) {
    warn(
      `PostgreSQL ${version} is older than ${MAJOR_MIN}, the oldest that forklift is tested with`,
    );
  }
  if (role === "source") {
    if (settings.isStandby && settings.maxStandbyStreamingDelayMs !== -1) {
      warn(
        "it is a standby, which cancels a long query after max_standby_streaming_delay = " +
          `${settings.maxStandbyStreamingDelayMs} ms; set -1, or read a dump`,
      );
    }
    return warnings;
  }
  const { maxWalBytes, sharedBuffersBytes, freeBytes } = settings;
  if (settings.isFsyncOn === false && !settings.isThrowaway) {
    warn("fsync is off: a crash of the machine, not of forklift, may cost the whole database");
  }
  if (maxWalBytes !== null && load.bytes > WAL_TIMES_MAX * maxWalBytes) {
    warn(
      `max_wal_size is ${settingText(maxWalBytes)} for a load of ${sizeText(load.bytes)}: the server ` +
        "stops for a checkpoint again and again; a tenth of the load is enough for max_wal_size",
    );
  }
  const isSmall = sharedBuffersBytes !== null && sharedBuffersBytes <= SHARED_BUFFERS_DEFAULT;
  if (isSmall && load.bytes > GB) {
    warn(
      `shared_buffers is ${settingText(sharedBuffersBytes)}, the default, for a load of ` +
        `${sizeText(load.bytes)}: keys are looked up on disk; a quarter of the memory is usual`,
    );
  }
  if (freeBytes !== null && freeBytes < load.bytes) {
    warn(
      `${sizeText(freeBytes)} are free, the migration takes about ${sizeText(load.bytes)}: it will ` +
        "end with a full disk, and continue once there is room",
    );
  }
  return warnings;
}
