// `unwind`: takes a migrated archive and its checkpoints back to a height.

import { jsonNumber } from "@forklift/chain";
import {
  type CommonOptions,
  type Finish,
  grouped,
  type Host,
  heightOption,
  logOptionsOf,
  openRunEnvironment,
  table,
  withCommonOptions,
} from "@forklift/console";
import { networkOf, openContext } from "@forklift/context";
import { openStore, requireFolder } from "@forklift/storage";
import type { Command } from "commander";
import { planUnwind, type UnwindPlan } from "../unwind/plan-unwind.ts";
import { unwind } from "../unwind/unwind.ts";

interface Options extends CommonOptions {
  readonly targetDb: string;
  readonly toHeight: bigint;
  readonly checkpoints?: string;
  readonly network?: string;
  readonly plan?: true;
}

export function addUnwindCommand(program: Command, host: Host, finish: Finish): void {
  withCommonOptions(program.command("unwind"))
    .description("take a migrated archive and its checkpoints back to a height")
    .requiredOption("--target-db <url>", "the Berkeley archive")
    .requiredOption("--to-height <n>", "the height that becomes the tip", heightOption)
    .option("--checkpoints <url>", "where the replay wrote its checkpoints")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .option("--plan", "print what would be done, and write nothing")
    .action(async (options: Options) => {
      await using context = openContext(openRunEnvironment(host, logOptionsOf(options)));
      const { checkpoints } = options;
      if (checkpoints !== undefined) await requireFolder(checkpoints);
      const isPlan = options.plan === true;
      // A plan takes no lock and has no right to write.
      const target = await (isPlan ? context.targetReader : context.target)(options.targetDb);
      const unwound = {
        target,
        network: await networkOf(target, { role: "target", name: options.network }),
        checkpoints: checkpoints === undefined ? null : openStore(checkpoints),
        inform: context.inform,
      };
      const plan = await planUnwind(unwound, options.toHeight);
      if (!isPlan) await unwind(unwound, plan);
      finish({ text: describe(plan, isPlan), json: documentOf(plan, isPlan) });
    });
}

function describe({ tip, to, rows, ...plan }: UnwindPlan, isPlan: boolean): string {
  const lines = Object.entries(rows).map(([name, count]) => [name, grouped(count)]);
  const { filesToRemove, checkpointToWrite, isReplayed, buildsIndexes } = plan;
  return [
    table([{ title: "table" }, { title: "rows", align: "right" }], lines),
    "",
    `from        ${tip.stateHash} at height ${tip.height}`,
    `to          ${to.stateHash} at height ${to.height}`,
    `files       ${filesToRemove.length === 0 ? "none to remove" : filesToRemove.join(", ")}`,
    `checkpoint  ${checkpointToWrite ?? "none to write"}`,
    `ledger      ${
      isReplayed
        ? "rebuilt from the database and compared"
        : "not replayed as far: nothing to prove"
    }`,
    ...(buildsIndexes ? ["indexes     of the accounts' tables built anew"] : []),
    `answer      ${isPlan ? "nothing was written" : `the target stands at height ${to.height}`}`,
  ].join("\n");
}

function documentOf({ tip, to, rows, ...plan }: UnwindPlan, isPlan: boolean): object {
  const ref = ({ height, stateHash }: UnwindPlan["tip"]) => ({
    height: jsonNumber(height),
    stateHash,
  });
  return {
    ok: true,
    planned: isPlan,
    from: ref(tip),
    to: ref(to),
    rows: Object.fromEntries(Object.entries(rows).map(([name, count]) => [name, Number(count)])),
    ...plan,
  };
}
