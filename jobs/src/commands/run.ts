// `forklift run`: looks after the runs of a network: their records, and the work folders of interrupted ones.

import {
  askYes,
  type CommonOptions,
  type ConfigOptions,
  type Finish,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  withCommonOptions,
  withConfigOptions,
} from "@forklift/console";
import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { networkOfConfig, workRoot } from "../context/configured-inputs.ts";
import { unfinishedTable, unfinishedText } from "../output/run-tables.ts";
import { runsTable, runText } from "../output/status-table.ts";
import { readStatus } from "../run/status.ts";
import { giveUpRun, noSuchRun } from "../run/unfinished-runs.ts";

interface RunOptions extends CommonOptions, ConfigOptions {}

interface RemoveOptions extends RunOptions {
  readonly yes?: true;
}

export function addRunCommand(program: Command, host: Host, finish: Finish): void {
  const run = program.command("run").description("look after runs, interrupted ones among them");
  const add = (name: string, description: string) =>
    withConfigOptions(withCommonOptions(run.command(name))).description(description);

  add("ls", "list the last runs, and those of this machine that have not ended well").action(
    async (options: RunOptions) => finish(await list(options, host)),
  );
  add("show", "show one run")
    .argument("<id>", "as run ls prints it")
    .action(async (id: string, options: RunOptions) => finish(await show(id, options, host)));
  add("rm", "give an interrupted run up: what it has made is removed")
    .argument("<id>", "as run ls prints it")
    .option("--yes", "remove it without a question")
    .action(async (id: string, options: RemoveOptions) => finish(await remove(id, options, host)));
}

async function list(options: RunOptions, host: Host): Promise<Outcome> {
  const { network, runs, unfinished } = await statusOf(options, host);
  return {
    text: [runsTable({ runs }), unfinishedTable(unfinished)].join("\n\n"),
    json: { ok: true, network, runs, unfinished },
  };
}

async function show(id: string, options: RunOptions, host: Host): Promise<Outcome> {
  const { config, network, runs, unfinished } = await statusOf(options, host);
  const work = unfinished.find((found) => found.id === id);
  if (work !== undefined) return { text: unfinishedText(work), json: { ok: true, ...work } };
  const run = runs.find((found) => found.id === id);
  if (run === undefined) throw noSuchRun(id, network, workRoot(config));
  const text = [runsTable({ runs: [run] }), ...runText(run)].join("\n\n");
  return { text, json: { ok: true, ...run } };
}

async function remove(id: string, options: RemoveOptions, host: Host): Promise<Outcome> {
  const { config, network, unfinished } = await statusOf(options, host);
  const work = unfinished.find((found) => found.id === id);
  if (work === undefined) throw noSuchRun(id, network, workRoot(config));
  const isSure =
    options.yes === true ||
    (await askYes(host, `${unfinishedText(work)}\nRemove all that it has made?`, "--yes"));
  if (isSure) await giveUpRun(config, network, { id, date: host.date });
  return {
    text: isSure ? `${id} is removed` : "nothing was done",
    json: { ok: true, ...work, removed: isSure },
  };
}

async function statusOf(options: RunOptions, host: Host) {
  const { config } = await loadConfig({
    file: options.config,
    settings: options.set ?? [],
    environment: host.environment,
  });
  const { log } = openRunEnvironment(host, logOptionsOf(options, config.log));
  const status = await readStatus(config, await networkOfConfig(config), { date: host.date, log });
  return { config, ...status };
}
