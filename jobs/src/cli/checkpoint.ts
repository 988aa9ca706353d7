import { VerificationError } from "@forklift/pipeline";
import {
  type ConvertOptions,
  convertCheckpoint,
  diffCheckpoints,
  listCheckpoints,
  showCheckpoint,
} from "@forklift/replayer";
import type { Command } from "commander";
import {
  checkpointsTable,
  differencesTable,
  shownCheckpoint,
} from "../output/checkpoint-tables.ts";
import { counted } from "../output/numbers.ts";
import { requireFolder } from "../require-folder.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  countOption,
  heightOption,
  logOptionsOf,
  stateHashOption,
  withCommonOptions,
} from "./options.ts";

type Finish = (outcome: Outcome) => void;

type ConvertCommandOptions = CommonOptions & Omit<ConvertOptions, "inform">;

/** Accounts and misplaced accounts that `diff` names unless it is told otherwise. */
const DIFFERENCES_SHOWN = 20;

export function addCheckpointCommand(program: Command, host: Host, finish: Finish): void {
  const checkpoint = program
    .command("checkpoint")
    .description("look into checkpoints, compare and convert them");
  const add = (nameAndArguments: string, description: string) =>
    withCommonOptions(checkpoint.command(nameAndArguments)).description(description);
  const informer = (options: CommonOptions) => {
    const { log } = openShell(host, logOptionsOf(options));
    return (message: string) => log.info(message);
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
    .action(async (file: string, options: CommonOptions & { readonly rehash?: true }) => {
      const isRehashing = options.rehash === true;
      const inform = informer(options);
      const shown = await showCheckpoint(file, { isRehashing, inform });
      finish({ text: shownCheckpoint(shown), json: shown });
      if (!shown.ok) {
        throw new VerificationError(`${file} is not what it says: ${shown.faults.join("; ")}`, {
          hint: "use another checkpoint, or resume from the database without one",
        });
      }
    });

  add("diff <a> <b>", "compare the accounts of two checkpoints; exit 20 when they differ")
    .option("--limit <n>", "differences to name", countOption, DIFFERENCES_SHOWN)
    .action(async (a: string, b: string, options: CommonOptions & { readonly limit: number }) => {
      const diff = await diffCheckpoints(a, b, options.limit);
      finish({ text: differencesTable(diff), json: diff });
      if (!diff.ok) {
        throw new VerificationError(
          `${a} and ${b} differ in ${counted(diff.differingAccounts, "account")}, ` +
            `${diff.misplacedAccounts} stand elsewhere`,
          { hint: "forklift checkpoint show tells which block each of them stands on" },
        );
      }
    });

  add("convert <from> <to>", "write a checkpoint or a genesis configuration in another form")
    .option("--ledger-only", "write a genesis configuration's ledger instead of a checkpoint")
    .option("--with-meta", "write our meta file beside it; takes --height and --state-hash")
    .option("--without-hash", "leave the Berkeley ledger hash out instead of computing it")
    .option("--network <name>", "a preset, whose genesis winner is added where it is missing")
    .option("--start-slot <n>", "slot after the block; default: as the file says", heightOption)
    .option("--height <n>", "of the block that the ledger stands on", heightOption)
    .option("--state-hash <hash>", "likewise", stateHashOption)
    .action(async (from: string, to: string, options: ConvertCommandOptions) => {
      const inform = informer(options);
      const written = await convertCheckpoint(from, to, { ...options, inform });
      finish({
        text: written.files.map(({ name, bytes }) => `${name}  ${bytes} bytes`).join("\n"),
        json: { ok: true, ...written },
      });
    });
}
