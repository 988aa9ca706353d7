// What `audit` does with block files: every difference of the source, and the statements that mend it.

import {
  mendingStatements,
  requireMendable,
  SCRIPT_FOOT,
  SCRIPT_HEAD,
  type SourceChain,
  type StopPoint,
} from "@forklift/archive";
import { counted, type RunEnvironment } from "@forklift/console";
import type { Context } from "@forklift/context";
import { loadGenesisLedger, type Network } from "@forklift/network";
import {
  type HealedValue,
  RUN_AGAIN,
  stoppable,
  throwIfStopped,
  UsageError,
} from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { blocksToMend } from "../heal/blocks-to-mend.ts";
import { HealedCases } from "../heal/healed-cases.ts";
import { mendedChain } from "../heal/mended-chain.ts";
import { OpenedAccounts } from "../heal/opened-accounts.ts";
import { ScriptFile } from "../heal/script-file.ts";
import { type BlockOptions, blockSourcesOf } from "./block-options.ts";

export interface FileOptions extends Partial<BlockOptions> {
  readonly sql?: string;
  readonly genesisLedger?: string;
}

/** What a source has otherwise than the files of its chain. */
export interface ComparedWithFiles {
  readonly tip: { readonly height: number; readonly stateHash: string };
  readonly differences: number;
  /** The first of them. */
  readonly healed: readonly HealedValue[];
  readonly blocks: number;
  /** The script that would mend them; null where none was asked for. */
  readonly sql: string | null;
}

export interface Compared {
  readonly environment: RunEnvironment;
  readonly source: Session;
  readonly network: Network | null;
  readonly stop: StopPoint;
}

/** Null where no block files are given. @throws UsageError for options that need them. */
export async function compareFiles(
  context: Context,
  { environment, source, network, stop }: Compared,
  options: FileOptions,
): Promise<ComparedWithFiles | null> {
  const { blocks: urls, genesisLedger, sql } = options;
  if (urls === undefined) {
    if (sql === undefined) return null;
    throw new UsageError("--sql writes what block files say, and none are given", {
      hint: "give --blocks URL, or leave --sql out",
    });
  }
  if (network === null || genesisLedger === undefined) {
    throw new UsageError("--blocks needs the network and its genesis ledger", {
      hint: "give --network NAME and --genesis-ledger URL, or leave --blocks out",
    });
  }
  if (sql !== undefined) await requireMendable(source);
  const ledger = await loadGenesisLedger(network, genesisLedger);
  const blocks = await context.blocks({
    ...blockSourcesOf({ ...options, blocks: urls }),
    network: network.name,
  });
  const tools = { source, network, blocks, now: environment.now };
  const cases = new HealedCases(() => undefined);
  return await stoppable(RUN_AGAIN.beginsAnew, environment.signal, async () => {
    const chain = decidedChain(await mendedChain(tools, stop), stop);
    const accounts = OpenedAccounts.atGenesis({ genesisLedger: ledger });
    await using script = sql === undefined ? null : await ScriptFile.create(sql);
    await script?.write(SCRIPT_HEAD);
    let count = 0;
    for await (const { block, healed } of blocksToMend(tools, chain, accounts)) {
      throwIfStopped(environment.signal, "audit");
      count++;
      cases.add(healed);
      await script?.write(`\n${mendingStatements(block).join("\n")}\n`);
    }
    await script?.write(`\n${SCRIPT_FOOT}`);
    await script?.finish();
    const { height, stateHash } = chain.tip;
    return {
      tip: { height: Number(height), stateHash },
      differences: cases.count,
      healed: cases.summary().healed ?? [],
      blocks: count,
      sql: sql ?? null,
    };
  });
}

/** A chain that nobody ends elsewhere has its verdicts, be it that damage has kept an archive from giving them. */
function decidedChain(chain: SourceChain, { forkStateHash, stopAtHeight }: StopPoint): SourceChain {
  const hasEnd = forkStateHash !== null || stopAtHeight !== null;
  return hasEnd ? chain : { ...chain, canonicalHeight: chain.tip.height };
}

export function comparedText({ differences, blocks, healed, sql }: ComparedWithFiles): string {
  const told = healed.map(
    ({ key, table, column, ofSource, ofFile, settledBy }) =>
      `${key}: ${table}.${column} is ${ofSource}, its file has ${ofFile} (${settledBy})`,
  );
  const rest = differences - healed.length;
  return [
    `${counted(differences, "difference")} to the block files, in ${counted(blocks, "block")}`,
    ...told,
    ...(rest > 0 ? [`and ${rest} more`] : []),
    ...(sql === null ? [] : [`the statements that mend them: ${sql}`]),
  ].join("\n");
}
