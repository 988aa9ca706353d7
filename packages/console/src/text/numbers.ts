// Numbers and durations as people read them.

import type { Progress } from "@forklift/pipeline";
import { MS_PER_SECOND, sizeText } from "@forklift/system";

const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

/** 12345n → "12,345". */
export function grouped(value: bigint | number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** 1, "fault" → "1 fault"; 1200, "fault" → "1,200 faults". */
export function counted(value: bigint | number, one: string): string {
  return `${grouped(value)} ${one}${Number(value) === 1 ? "" : "s"}`;
}

/** 83000 → "1m23s"; below a minute with one decimal. */
export function duration(ms: number): string {
  const seconds = ms / MS_PER_SECOND;
  if (seconds < SECONDS_PER_MINUTE) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / SECONDS_PER_HOUR);
  const minutes = Math.floor((whole % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE);
  const rest = String(whole % SECONDS_PER_MINUTE).padStart(2, "0");
  return hours > 0 ? `${hours}h${String(minutes).padStart(2, "0")}m` : `${minutes}m${rest}s`;
}

export const BYTES_PER_MB = 1_000_000;

/** How many of so many bytes there are, in whole megabytes, as a stage reports its progress. */
export function megabytesDone(bytes: number, ofBytes: number): Progress {
  const whole = (count: number) => BigInt(Math.floor(count / BYTES_PER_MB));
  return { done: whole(bytes), total: whole(ofBytes), unit: "MB" };
}

/** Of so many bytes in so many milliseconds: "12.3 MB/s". */
export function sizePerSecond(bytes: bigint | number, ms: number): string {
  return `${sizeText((Number(bytes) * MS_PER_SECOND) / Math.max(ms, 1))}/s`;
}
