// Reads the commands of a tree's blocks, so many at a time, in the order in which a walk applies them.

import type { PlacedCommand, ReplayBlock } from "@forklift/archive";
import type { TreeNode } from "./block-tree.ts";

/** Blocks whose commands are read together: a command takes about 1 kB. */
export const READ_NODES = 50;

/** By the id of the block; one without commands may have no entry. */
export type CommandsOf = (
  blockIds: readonly number[],
) => Promise<ReadonlyMap<number, readonly PlacedCommand[]>>;

/** In the order of the nodes. */
export async function* readNodes(
  nodes: readonly TreeNode[],
  commandsOf: CommandsOf,
): AsyncGenerator<ReplayBlock, undefined> {
  for (let from = 0; from < nodes.length; from += READ_NODES) {
    const page = nodes.slice(from, from + READ_NODES);
    const commands = await commandsOf(page.map(({ header }) => header.id));
    for (const node of page) yield replayBlockOf(node, commands.get(node.header.id) ?? []);
  }
}

export function replayBlockOf(
  { header, parentSlot }: TreeNode,
  commands: readonly PlacedCommand[],
): ReplayBlock {
  const { id, height, stateHash, ledgerHash, globalSlotSinceGenesis } = header;
  return { id, height, stateHash, ledgerHash, globalSlotSinceGenesis, parentSlot, commands };
}
