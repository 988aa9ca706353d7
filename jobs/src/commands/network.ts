// `forklift network derive`: makes a preset of a network from its genesis ledger and constants.

import { writeFile } from "node:fs/promises";
import {
  type CommonOptions,
  counted,
  type Finish,
  type Host,
  heightOption,
  publicKeyOption,
  withCommonOptions,
} from "@forklift/console";
import { type DeriveOptions, derivePreset } from "@forklift/network";
import { defined, fileError } from "@forklift/system";
import { type Command, Option } from "commander";

type Options = CommonOptions & DeriveOptions & { readonly out?: string };

export function addNetworkCommand(program: Command, _host: Host, finish: Finish): void {
  const network = program.command("network").description("make presets of networks");
  withCommonOptions(network.command("derive"))
    .description(
      "derive a preset, with its genesis state hash, from a genesis ledger and constants",
    )
    .requiredOption("--name <name>", "the network's name, as in the names of its blocks")
    .requiredOption("--genesis-ledger <url>", "the runtime configuration it was first started with")
    .option("--genesis-timestamp <date>", "with time and zone; default: as the configuration says")
    .option(
      "--k <n>",
      "default of the constants: as the configuration says, else mainnet's",
      heightOption,
    )
    .option("--delta <n>", "likewise", heightOption)
    .option("--slots-per-epoch <n>", "likewise", heightOption)
    .option("--slots-per-sub-window <n>", "likewise", heightOption)
    .option(
      "--winner <key>",
      "the account in front of the listed ones; default: mainnet's",
      publicKeyOption,
    )
    .option("--winner-balance <nanomina>", "likewise", heightOption)
    .option(
      "--fork-config <url>",
      "the published configuration of the fork: the last block before it",
    )
    .addOption(
      new Option(
        "--signature-kind <kind>",
        "by whose rules user commands are signed; default: by those that a network of that name has",
      ).choices(["mainnet", "testnet"]),
    )
    .option("--dumps <url>", "where the nightly dumps of the old archive lie")
    .option("--blocks <url>", "where precomputed blocks lie")
    .option("--out <file>", "write the preset there instead of printing it")
    .action(async ({ out, ...options }: Options) => {
      const { text, network: derived, accounts } = await derivePreset(options);
      if (out !== undefined) {
        await writeFile(out, text, { flag: "wx" }).catch((error: unknown) => {
          throw fileError(error, `write ${out}`);
        });
      }
      const { stateHash, ledgerHash } = derived.genesis;
      const summary = [
        `genesis state hash  ${stateHash}, derived; the first archive or block confirms it`,
        `ledger hash         ${ledgerHash}, of ${counted(accounts, "account")}`,
        `next: give ${out} as --network, or as network in a configuration`,
      ].join("\n");
      const facts = { name: derived.name, stateHash, ledgerHash, accounts, derived: true };
      finish({
        text: out === undefined ? text.trimEnd() : summary,
        json: {
          ok: true,
          ...facts,
          ...defined({ out, preset: out === undefined ? text : undefined }),
        },
      });
    });
}
