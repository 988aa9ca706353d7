import path from "node:path";
import {
  type CommonOptions,
  counted,
  countOption,
  grouped,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  table,
  withCommonOptions,
} from "@forklift/console";
import {
  makeSample,
  SAMPLE_DEFAULTS,
  type SampleOptions,
  type SampleSummary,
} from "@forklift/sample";
import type { Command } from "commander";

interface Options extends CommonOptions, SampleOptions {
  readonly out: string;
}

export function addSampleCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  const { blocks, days, seed, finality, accounts, commandsPerBlock } = SAMPLE_DEFAULTS;
  withCommonOptions(program.command("sample"))
    .description("make a small pre-fork network from a seed: ledger, blocks, dumps, configuration")
    .requiredOption("--out <folder>", "a folder that is empty or not there yet")
    .option("--blocks <n>", "height of the tip", countOption, blocks)
    .option("--days <n>", "nightly dumps", countOption, days)
    .option("--seed <n>", "same seed, same bytes", countOption, seed)
    .option("--finality <n>", "blocks below the tip that are still pending", countOption, finality)
    .option("--accounts <n>", "accounts of the genesis ledger", countOption, accounts)
    .option(
      "--commands-per-block <n>",
      "user commands of a block, on average",
      countOption,
      commandsPerBlock,
    )
    .action(async ({ out, ...options }: Options) => {
      const environment = openRunEnvironment(host, logOptionsOf(options));
      const summary = await makeSample(options, out, {
        onProgress: (progress) => environment.log.info(progress, "making the sample network"),
        signal: environment.signal,
      });
      finish({ text: describe(summary, out), json: { ok: true, out, ...plain(summary) } });
    });
}

function describe({ tip, features, dumps }: SampleSummary, out: string): string {
  const counts = table(
    [{ title: "in it" }, { title: "times", align: "right" }],
    Object.entries(features).map(([feature, count]) => [feature, grouped(count)]),
  );
  return [
    counts,
    "",
    `a network of height ${tip.height}, with ${counted(dumps.length, "nightly dump")}, in ${path.resolve(out)}`,
    `next: forklift prime --config ${path.join(out, "forklift.yaml")}`,
  ].join("\n");
}

function plain({ tip, ...summary }: SampleSummary) {
  return { ...summary, tip: { height: Number(tip.height), stateHash: tip.stateHash } };
}
