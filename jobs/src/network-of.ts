// The network of a target: as the caller names it, else by the genesis block that the target holds.

import { targetBlockAt } from "@forklift/archive";
import { loadNetwork, type Network, networkOfGenesis } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

/** @throws ConfigError when the target begins with another block than the named network. */
export async function networkOf(target: Session, name: string | undefined): Promise<Network> {
  const genesis = await targetBlockAt(target, 1n);
  if (genesis === null) {
    throw new ConfigError(`the target ${target.maskedUrl} holds no genesis block`, {
      hint: "run forklift migrate first",
    });
  }
  if (name === undefined) return await networkOfGenesis(genesis.stateHash);
  const network = await loadNetwork(name);
  if (network.genesis.stateHash === genesis.stateHash) return network;
  throw new ConfigError(
    `the target ${target.maskedUrl} begins with genesis block ${genesis.stateHash}, but ` +
      `${network.name} begins with ${network.genesis.stateHash}`,
    { hint: `this is the archive of another network than ${network.name}` },
  );
}
