export * from "./dump/dump.ts";
export * from "./dump/dump-archive.ts";
export { dumpEnd, dumpHead } from "./dump/dump-frame.ts";
export type { Ddl } from "./dump/own-dump.ts";
export * from "./dump/pack-dump.ts";
export { readDumpFolder } from "./dump-forms/folder-dump.ts";
export { notEmpty } from "./restore/empty-database.ts";
export type { LeftOut } from "./restore/left-out.ts";
export * from "./restore/restore-dump.ts";
export * from "./restore/restored-dump.ts";
export { connectRestorer } from "./restore/restorer.ts";
export * from "./schema/catalog.ts";
export * from "./schema/catalog-faults.ts";
export * from "./schema/catalog-parts.ts";
export { relationExists } from "./schema/relation-exists.ts";
export { requireAllRows } from "./schema/row-security.ts";
export * from "./server/binaries.ts";
export * from "./server/database-admin.ts";
export * from "./server/run-database.ts";
export * from "./server/scratch-database.ts";
export * from "./server/server.ts";
export { endKeptServer } from "./server/server-directory.ts";
export * from "./server/server-settings.ts";
export * from "./session/advisory-lock.ts";
export { requireConnection } from "./session/connection-parameters.ts";
export { maskUrl, urlWithDatabase } from "./session/connection-url.ts";
export type { CopyValue } from "./session/copy-text.ts";
export { quoteIdentifier, quoteLiteral } from "./session/identifiers.ts";
export { refreshStatistics } from "./session/refresh-statistics.ts";
export {
  type ConnectOptions,
  connect,
  Session,
  sharedSnapshot,
  snapshot,
  type Traffic,
  type TransactionMode,
} from "./session/session.ts";
export { sqlStateOf } from "./session/sqlstate.ts";
export type { StatementTimeout } from "./session/statement-timeout.ts";
