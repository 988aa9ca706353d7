// What the operator's own archive has otherwise than the verified files of its chain, as the statements that mend it need
// it: columns of blocks one by one, the commands of a block all together.

import type {
  BlockToMend,
  CommandsToMend,
  Healed,
  InternalCommandToMend,
  MissingBlock,
  SourceChain,
} from "@forklift/archive";
import { ACCOUNT_CREATION_FEE } from "@forklift/ledger";
import type { BlockSources, RecordedBalances } from "@forklift/precomputed";
import { blockOfFile } from "../blocks/merge-block.ts";
import type { Tools } from "../blocks/merged-blocks.ts";
import { requireSameCommandsAs } from "./differences.ts";
import { expectedStatus, type FileOfChain, healedFiles } from "./healed-blocks.ts";
import { healedText } from "./healed-cases.ts";
import type { OpenedAccounts } from "./opened-accounts.ts";

export interface MendedBlock {
  readonly block: BlockToMend;
  readonly healed: readonly Healed[];
}

/** Of the whole chain, its blocks that are otherwise. @throws SourceDataError where nothing settles what is right. */
export async function* blocksToMend(
  tools: Omit<Tools, "form">,
  chain: SourceChain,
  accounts: OpenedAccounts,
): AsyncGenerator<MendedBlock> {
  for await (const found of healedFiles(tools, { chain, below: null, accounts })) {
    if (found.healed.length === 0) continue;
    yield { block: await blockToMend(tools.blocks, chain, found), healed: found.healed };
  }
}

async function blockToMend(
  blocks: BlockSources,
  chain: SourceChain,
  found: FileOfChain,
): Promise<BlockToMend> {
  const { ref, rows, healed } = found;
  const isMissing = rows.length === 0;
  const columns = columnsOf(found, expectedStatus(ref, chain));
  const repeated = healed.filter(({ table, column }) => table === "blocks" && column === "*");
  const isOfCommands = healed.some(({ part }) => part !== "block");
  return {
    ref,
    remarks: healed.map(healedText),
    columns: isMissing ? columns : damagedOf(columns, healed),
    missing: isMissing ? missingOf(found) : null,
    repeatedIds: isMissing ? [] : repeated.map(({ key }) => /, id ([0-9]+)$/.exec(key)![1]!),
    commands: isOfCommands ? await commandsToMend(blocks, found) : null,
  };
}

/** Of the row in `blocks`, by the names that it has for them. */
function columnsOf({ file }: FileOfChain, status: string): BlockToMend["columns"] {
  const block = blockOfFile(file, "canonical");
  return {
    parent_hash: block.parentHash,
    ledger_hash: block.ledgerHash,
    creator_id: block.creator,
    block_winner_id: block.winner,
    height: block.height,
    global_slot: block.globalSlotSinceHardFork,
    global_slot_since_genesis: block.globalSlotSinceGenesis,
    timestamp: block.timestamp,
    chain_status: status,
  };
}

function damagedOf(
  columns: BlockToMend["columns"],
  healed: readonly Healed[],
): BlockToMend["columns"] {
  const damaged = new Set(healed.flatMap(({ part, column }) => (part === "block" ? column : [])));
  return Object.fromEntries(Object.entries(columns).filter(([name]) => damaged.has(name)));
}

function missingOf({ file }: FileOfChain): MissingBlock {
  const { snarkedLedgerHash, stakingEpochData, nextEpochData } = blockOfFile(file, "canonical");
  return { snarkedLedgerHash, stakingEpoch: stakingEpochData, nextEpoch: nextEpochData };
}

/** The file once more, with the balances in it, which nothing else needs. */
async function commandsToMend(blocks: BlockSources, found: FileOfChain): Promise<CommandsToMend> {
  const { ref, file, opened } = found;
  const { recorded } = await blocks.fetch({
    ...ref,
    keepsBalances: true,
    accept: (content) => requireSameCommandsAs(file, content),
  });
  return withRecorded(file, recorded!, opened ?? new Set());
}

/** The first receipt of an account that the block opens tells of the fee. */
function withRecorded(
  { userCommands, internalCommands }: FileOfChain["file"],
  recorded: RecordedBalances,
  opened: ReadonlySet<string>,
): CommandsToMend {
  const told = new Set<string>();
  const ofUser = userCommands.map((included, at) => {
    const { receiverCreationFeePaid: creationFee, ...balances } = recorded.userCommands[at]!;
    if (creationFee !== null) told.add(included.command.receiver);
    return { ...included, ...balances, creationFee };
  });
  const ofInternal = internalCommands.map((included, at): InternalCommandToMend => {
    const { receiver } = included.command;
    const opens = opened.has(receiver) && !told.has(receiver);
    if (opens) told.add(receiver);
    return {
      ...included,
      creationFee: opens ? ACCOUNT_CREATION_FEE : null,
      receiverBalance: recorded.internalCommands[at]!,
    };
  });
  return { userCommands: ofUser, internalCommands: ofInternal };
}
