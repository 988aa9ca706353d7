// Step 8 of a job: what follows a manifest that was read back. The pointer is moved to the set, the target
// is marked as proven up to it, and what the set replaces is removed. Each of the three is looked for, so
// that a run completes what an earlier one was killed in.

import { identifySchema } from "@forklift/archive";
import type { WholeStage } from "@forklift/pipeline";
import {
  finishReplacement,
  isPointedAt,
  moveLatest,
  type PublishedSet,
  readReplacement,
} from "@forklift/sets";
import type { TableVersions } from "@forklift/verifier";
import type { JobContext } from "../context/job-context.ts";
import { findSetOfTip } from "./is-published.ts";
import { findOwnSet } from "./own-set.ts";
import { markProven, provenBySet, provenUpTo, versionsOfPublished } from "./proven-height.ts";

interface Plan {
  readonly set: PublishedSet;
  readonly isPointerBehind: boolean;
  /** Of the tables of a target that holds the set, when nothing in it says so; else null. */
  readonly unmarked: TableVersions | null;
  /** Objects that the set takes the place of. */
  readonly replaced: readonly string[];
}

export const finishPublication: WholeStage<JobContext, Plan> = {
  id: "finish-publication",
  kind: "whole",

  async plan(context) {
    if (context.isDryRun) return { skip: "a dry run publishes nothing" };
    // A prime that only completes a publication has filled no target.
    const { kind } = await identifySchema(context.target);
    const ofTip = kind === "berkeley" ? await findSetOfTip(context) : null;
    const set = ofTip ?? (await findOwnSet(context));
    if (set === null) return { skip: "the store holds no set of what the target holds" };
    const { store, network } = context;
    const replacement = await readReplacement(store, network.name);
    const isMarkMissing =
      ofTip !== null && (await provenUpTo(context.target, set.manifest)) === null;
    const plan: Plan = {
      set,
      isPointerBehind: !(await isPointedAt(store, { network: network.name, set })),
      unmarked: isMarkMissing ? await versionsOfPublished(context, set.manifest) : null,
      replaced: replacement === null ? [] : [...replacement.manifests, ...replacement.files],
    };
    const isFinished = !plan.isPointerBehind && !isMarkMissing && replacement === null;
    return isFinished ? { skip: `the publication of ${set.name} is complete` } : plan;
  },

  async run(context, { set, isPointerBehind, unmarked }) {
    const { store, network, target, lease, date, isReplacing } = context;
    const confirm = () => lease!.confirm();
    await confirm();
    if (isPointerBehind) await moveLatest(store, { network: network.name, set, date, isReplacing });
    if (unmarked !== null) {
      const { height, stateHash } = set.manifest;
      const block = { height: String(height), stateHash };
      const proven = { ...block, ...provenBySet(set.manifest), versions: unmarked };
      await markProven(target, proven);
    }
    await finishReplacement({ store, network: network.name, date, confirm });
    return { rowCount: 0 };
  },

  async verify(context, { set, unmarked }) {
    const { store, network } = context;
    const isPointed = await isPointedAt(store, { network: network.name, set });
    const isProven = unmarked === null || (await provenUpTo(context.target, set.manifest)) !== null;
    const replacement = await readReplacement(store, network.name);
    return [
      check("the pointer", isPointed ? "moved" : "behind", "moved"),
      check("the mark of what is proven", isProven ? "set" : "missing", "set"),
      check("what it replaces", replacement === null ? "removed" : "there", "removed"),
    ];
  },
};

function check(what: string, actual: string, expected: string) {
  return { name: what, expected, actual };
}
