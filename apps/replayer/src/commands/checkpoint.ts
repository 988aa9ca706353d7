// `checkpoint`: lists, shows, compares and converts checkpoints.

import {
  type CommonOptions,
  counted,
  countOption,
  type Finish,
  type Host,
  heightOption,
  logOptionsOf,
  openRunEnvironment,
  stateHashOption,
  withCommonOptions,
} from "@forklift/console";
import { VerificationError } from "@forklift/pipeline";
import { requireFolder } from "@forklift/storage";
import type { Command } from "commander";
import { type ConvertOptions, convertCheckpoint } from "../checkpoint/convert-checkpoint.ts";
import { diffCheckpoints } from "../checkpoint/diff-checkpoints.ts";
import { listCheckpoints } from "../checkpoint/list-checkpoints.ts";
import { showCheckpoint } from "../checkpoint/show-checkpoint.ts";
import {
  checkpointsTable,
  differencesTable,
  shownCheckpoint,
} from "../output/checkpoint-tables.ts";

type ConvertCommandOptions = CommonOptions & Omit<ConvertOptions, "inform" | "warn">;

type NetworkOptions = CommonOptions & { readonly network?: string };

const WINNER_OPTION = [
  "--network <name>",
  "a preset, whose genesis winner is added where it is missing",
] as const;

/** Accounts and misplaced accounts that `diff` names by default. */
const DIFFERENCES_SHOWN = 20;

export function addCheckpointCommand(program: Command, host: Host, finish: Finish): void {
  const checkpoint = program
    .command("checkpoint")
    .description("look into checkpoints, compare and convert them");
  const add = (nameAndArguments: string, description: string) =>
    withCommonOptions(checkpoint.command(nameAndArguments)).description(description);
  const teller = (options: CommonOptions) => {
    const { log } = openRunEnvironment(host, logOptionsOf(options));
    return {
      inform: (message: string) => log.info(message),
      warn: (message: string) => log.warn(message),
    };
  };

  add("ls <url>", "list the checkpoints of a store, whoever wrote them")
    .option("--digests", "read each file whole, to tell whether its meta file fits")
    .action(async (url: string, { digests }: { readonly digests?: true }) => {
      await requireFolder(url);
      const checkpoints = await listCheckpoints(url, { reads: digests === true });
      finish({ text: checkpointsTable(checkpoints), json: { ok: true, checkpoints } });
    });

  add(
    "show <file>",
    "tell what a checkpoint holds; exit 20 when its hashes are not those that it states",
  )
    .option("--rehash", "compute both ledger hashes from the accounts, on all cores")
    .option(...WINNER_OPTION)
    .action(async (file: string, options: NetworkOptions & { readonly rehash?: true }) => {
      const isRehashing = options.rehash === true;
      const shown = await showCheckpoint(file, { ...options, isRehashing, ...teller(options) });
      finish({ text: shownCheckpoint(shown), json: shown });
      if (!shown.ok) {
        throw new VerificationError(`${file} is not what it says: ${shown.faults.join("; ")}`, {
          hint: "use another checkpoint, or resume from the database without one",
        });
      }
    });

  add("diff <a> <b>", "compare the accounts of two checkpoints; exit 20 when they differ")
    .option("--limit <n>", "differences to name", countOption, DIFFERENCES_SHOWN)
    .option(...WINNER_OPTION)
    .action(async (a: string, b: string, options: NetworkOptions & { readonly limit: number }) => {
      const { warn } = teller(options);
      const diff = await diffCheckpoints(a, b, { ...options, shownMax: options.limit, warn });
      finish({ text: differencesTable(diff), json: diff });
      if (!diff.ok) {
        throw new VerificationError(
          `${a} and ${b} differ in ${counted(diff.differingAccounts, "account")}, ` +
            `${diff.misplacedAccounts} stand elsewhere`,
          { hint: "forklift checkpoint show says which block each of them stands on" },
        );
      }
    });

  add("convert <from> <to>", "write a checkpoint or a genesis configuration in another form")
    .option("--ledger-only", "write a genesis configuration's ledger instead of a checkpoint")
    .option("--with-meta", "write our meta file beside it; takes --height and --state-hash")
    .option("--without-hash", "leave the Berkeley ledger hash out instead of computing it")
    .option(...WINNER_OPTION)
    .option("--start-slot <n>", "slot after the block; default: as the file says", heightOption)
    .option("--height <n>", "of the block that the ledger stands on", heightOption)
    .option("--state-hash <hash>", "likewise", stateHashOption)
    .action(async (from: string, to: string, options: ConvertCommandOptions) => {
      const written = await convertCheckpoint(from, to, { ...options, ...teller(options) });
      finish({
        text: written.files.map(({ name, bytes }) => `${name}  ${bytes} bytes`).join("\n"),
        json: { ok: true, ...written },
      });
    });
}
