// `balance`: what accounts held after a block, answered only when the whole ledger of that block comes out of
// the archive's rows.

import { requireArchiveForm } from "@forklift/archive";
import { FormatError, type PublicKey, parseStateHash, type StateHash } from "@forklift/chain";
import {
  type CommonOptions,
  type Finish,
  type Host,
  heightOption,
  logOptionsOf,
  openRunEnvironment,
  publicKeyOption,
  withCommonOptions,
} from "@forklift/console";
import { networkOf, openContext } from "@forklift/context";
import { RUN_AGAIN, stoppable } from "@forklift/pipeline";
import { snapshot } from "@forklift/postgres";
import { type Command, InvalidArgumentError } from "commander";
import { balancesAt } from "../ledger/balances-at.ts";
import { balanceDocument, balanceTable } from "../output/balance-table.ts";

interface Options extends CommonOptions {
  readonly targetDb: string;
  readonly at: bigint | StateHash;
  readonly network?: string;
}

export function addBalanceCommand(program: Command, host: Host, finish: Finish): void {
  withCommonOptions(program.command("balance"))
    .description("tell what accounts held at a block, once its ledger hash comes out of the rows")
    .argument("<key...>", "public keys", keysArgument)
    .requiredOption("--target-db <url>", "the archive, of Berkeley or Mesa; only read")
    .requiredOption(
      "--at <block>",
      "a height, where the canonical block is meant, or a state hash",
      blockOption,
    )
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .action(async (keys: readonly PublicKey[], options: Options) => {
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await using context = openContext(environment);
      const { inform } = context;
      const target = await context.reader(options.targetDb);
      await requireArchiveForm(target, "target");
      const network = await networkOf(target, { role: "target", name: options.network });
      const balances = await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
        // One picture: a node may be writing, and change what is canonical.
        target.endedBy(environment.signal, () =>
          snapshot(target, () => balancesAt({ target, network, inform }, options.at, keys)),
        ),
      );
      finish({ text: balanceTable(balances), json: balanceDocument(balances) });
    });
}

function keysArgument(text: string, keys: readonly PublicKey[] = []): readonly PublicKey[] {
  const key = keyArgument(text);
  return keys.includes(key) ? keys : [...keys, key];
}

/** The key is named: several are given. */
function keyArgument(text: string): PublicKey {
  try {
    return publicKeyOption(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${text} is no public key: ${error.message}`);
  }
}

function blockOption(text: string): bigint | StateHash {
  if (/^[0-9]+$/.test(text)) return heightOption(text);
  try {
    return parseStateHash(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new InvalidArgumentError(`expected a height or a state hash: ${error.message}`);
  }
}
