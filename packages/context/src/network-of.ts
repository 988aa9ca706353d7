// The network of an archive: as the caller names it, else by the genesis block that the archive holds.

import { type GenesisBlock, readGenesisBlock } from "@forklift/archive";
import {
  findNetworkOfGenesis,
  loadNetwork,
  type Network,
  networkOfGenesis,
} from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

export type ArchiveRole = "source" | "target";

/**
 * @throws ConfigError when the archive begins with another block than the named network, and when
 * neither a name nor a genesis block identifies the network; a target always holds one.
 */
export async function networkOf(
  archive: Session,
  { role, name }: { readonly role: ArchiveRole; readonly name: string | undefined },
): Promise<Network> {
  const genesis = await readGenesisBlock(archive);
  if (genesis === null && (role === "target" || name === undefined)) {
    throw new ConfigError(`the ${role} ${archive.maskedUrl} holds no genesis block`, {
      hint: role === "target" ? "run forklift migrate first" : "name the network with --network",
    });
  }
  if (name === undefined) return await networkOfGenesis(genesis!.stateHash);
  const network = await loadNetwork(name);
  requireGenesisBlock(archive, { role, network, genesis });
  return network;
}

/** A network, or why none is known. */
export type NetworkIfKnown =
  | { readonly network: Network }
  | { readonly network: null; readonly why: string };

/**
 * For a caller that can do without one.
 * @throws ConfigError as `networkOf` when a network is named.
 */
export async function networkIfKnown(
  archive: Session,
  options: { readonly role: ArchiveRole; readonly name: string | undefined },
): Promise<NetworkIfKnown> {
  if (options.name !== undefined) return { network: await networkOf(archive, options) };
  const genesis = await readGenesisBlock(archive);
  if (genesis === null) return { network: null, why: `the ${options.role} holds no genesis block` };
  const network = await findNetworkOfGenesis(genesis.stateHash);
  if (network !== null) return { network };
  return { network: null, why: `no preset begins with genesis block ${genesis.stateHash}` };
}

/** @throws ConfigError when the archive begins with another block than the network. */
export function requireGenesisBlock(
  archive: Session,
  {
    role,
    network,
    genesis,
  }: {
    readonly role: ArchiveRole;
    readonly network: Pick<Network, "name" | "genesis">;
    readonly genesis: GenesisBlock | null;
  },
): void {
  const { name, genesis: expected } = network;
  if (genesis === null || genesis.stateHash === expected.stateHash) return;
  const derived = expected.isDerived
    ? "; or the preset's genesis, which is derived, is wrong: forklift network derive makes another"
    : "";
  throw new ConfigError(
    `the ${role} ${archive.maskedUrl} begins with genesis block ${genesis.stateHash}, but ${name} ` +
      `begins with ${expected.stateHash}`,
    {
      hint: `give the preset of its network: this is the archive of another network than ${name}${derived}`,
    },
  );
}
