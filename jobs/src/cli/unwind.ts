import { requireSchema } from "@forklift/archive";
import { jsonNumber } from "@forklift/chain";
import { planUnwind, type UnwindPlan, unwind } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import type { Command } from "commander";
import { networkOf } from "../network-of.ts";
import { grouped } from "../output/numbers.ts";
import { table } from "../output/table.ts";
import { requireFolder } from "../require-folder.ts";
import { openReader, openTarget } from "../sessions.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import { type CommonOptions, heightOption, logOptionsOf, withCommonOptions } from "./options.ts";

interface Options extends CommonOptions {
  readonly targetDb: string;
  readonly toHeight: bigint;
  readonly checkpoints?: string;
  readonly network?: string;
  readonly plan?: true;
}

export function addUnwindCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withCommonOptions(program.command("unwind"))
    .description("take a migrated archive and its checkpoints back to a height")
    .requiredOption("--target-db <url>", "the Berkeley archive")
    .requiredOption("--to-height <n>", "the height that becomes the tip", heightOption)
    .option("--checkpoints <url>", "where the replay wrote its checkpoints")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .option("--plan", "print what would be done, and write nothing")
    .action(async (options: Options) => {
      const shell = openShell(host, logOptionsOf(options));
      const { checkpoints } = options;
      if (checkpoints !== undefined) await requireFolder(checkpoints);
      const isPlan = options.plan === true;
      // A plan takes no lock and has no right to write.
      await using target = await (isPlan ? openReader : openTarget)(options.targetDb);
      await requireSchema(target, { role: "target", era: "berkeley" });
      const world = {
        target,
        network: await networkOf(target, options.network),
        checkpoints: checkpoints === undefined ? null : openStore(checkpoints),
        inform: (message: string) => shell.log.info(message),
      };
      const plan = await planUnwind(world, options.toHeight);
      if (!isPlan) await unwind(world, plan);
      finish({ text: describe(plan, isPlan), json: documentOf(plan, isPlan) });
    });
}

function describe({ tip, to, rows, ...plan }: UnwindPlan, isPlan: boolean): string {
  const lines = Object.entries(rows).map(([name, count]) => [name, grouped(count)]);
  const { filesToRemove, checkpointToWrite, isReplayed } = plan;
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
