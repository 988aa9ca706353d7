// The measured rates of stages on this target, stored beside its progress marks for the next plan.

import { relationExists, type Session } from "@forklift/postgres";

export interface StageRate {
  /** What was done, in the stage's unit: blocks, for those that go through the chain. */
  readonly units: number;
  readonly elapsedMs: number;
  readonly measuredAt: Date;
}

/** Null when no run on this target has measured one. Reads only. */
export async function readStageRate(target: Session, stage: string): Promise<StageRate | null> {
  if (!(await relationExists(target, "forklift.stage_rate"))) return null;
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

/** Replaces the rate that was measured before. */
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
