// The environment of a job: that of every run, with the monitor of its metrics.

import type { RunEnvironment } from "@forklift/console";
import type { Monitor } from "./metrics/monitor.ts";

export interface JobEnvironment extends RunEnvironment {
  /** Of the process, when its runs are to be seen while they go on. */
  readonly monitor?: Monitor;
}
