import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { JobContext } from "../../context/job-context.ts";

/** The stages of a job, in order. Cleaning up is not among them: it happens however a job ends. */
export type Recipe = readonly Stage<JobContext, Session>[];
