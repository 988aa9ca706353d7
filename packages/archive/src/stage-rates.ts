// How fast stages went on this target, kept beside its progress marks for the next plan.

import type { Session } from "@forklift/postgres";

export interface StageRate {
  /** What was done, in the stage's unit: blocks, for those that go through the chain. */
  readonly units: number;
  readonly elapsedMs: number;
  readonly measuredAt: Date;
}

/** Null when no run on this target has measured one. Reads only. */
export async function readStageRate(target: Session, stage: string): Promise<StageRate | null> {
  const [exists] = await target.query<{ present: boolean }>(
    "select to_regclass('forklift.stage_rate') is not null as present",
  );
  if (exists?.present !== true) return null;
  const [row] = await target.query<{ units: string; elapsed_ms: string; measured_at: Date }>(
    "select units, elapsed_ms, measured_at from forklift.stage_rate where stage = $1",
    [stage],
  );
  if (row === undefined) return null;
  return {
    units: Number(row.units),
    elapsedMs: Number(row.elapsed_ms),
    measuredAt: row.measured_at,
  };
}

/** Takes the place of the rate that was measured before. */
export async function saveStageRate(
  target: Session,
  stage: string,
  { units, elapsedMs }: Pick<StageRate, "units" | "elapsedMs">,
): Promise<void> {
  await target.query(
    `create table if not exists forklift.stage_rate (
       stage text primary key,
       units bigint not null,
       elapsed_ms bigint not null,
       measured_at timestamptz not null default now()
     )`,
  );
  await target.query(
    `insert into forklift.stage_rate (stage, units, elapsed_ms) values ($1, $2, $3)
     on conflict (stage) do update
       set units = excluded.units, elapsed_ms = excluded.elapsed_ms, measured_at = now()`,
    [stage, units, Math.round(elapsedMs)],
  );
}
