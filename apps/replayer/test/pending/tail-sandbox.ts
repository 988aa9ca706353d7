// A source that grows and a tail that follows it from genesis, as its tests begin.

import path from "node:path";
import { pathToFileURL } from "node:url";
import type { TargetBlock } from "@forklift/archive";
import { parseGlobalSlotSinceGenesis, type StateHash } from "@forklift/chain";
import { Ledger } from "@forklift/ledger";
import {
  type GenesisLedger,
  loadGenesisLedger,
  loadNetwork,
  type Network,
} from "@forklift/network";
import { connect, type Session, snapshot } from "@forklift/postgres";
import { SAMPLE_DEFAULTS } from "@forklift/sample";
import { type GrowingOptions, type GrowingSource, openGrowingSource } from "@forklift/testkit";
import type { PendingReport } from "../../src/pending/pending-report.ts";
import {
  PendingTail,
  type PendingTailOptions,
  type ProveOptions,
} from "../../src/pending/pending-tail.ts";

export const FINALITY = 4;

export interface TailSandbox extends AsyncDisposable {
  readonly source: GrowingSource;
  readonly network: Network;
  /** A session that cannot write. */
  readonly reader: Session;
  /** On the genesis ledger, whatever block is said to be its; it ends with the sandbox. */
  openTail(options?: Partial<PendingTailOptions> & { readonly root?: TargetBlock }): PendingTail;
  /** The source's highest canonical block. */
  canonical(): Promise<TargetBlock>;
  canonicalAt(height: bigint): Promise<TargetBlock>;
  /** Above the highest canonical block, or the one that is given. */
  prove(
    tail: PendingTail,
    options?: ProveOptions & { readonly block?: TargetBlock },
  ): Promise<PendingReport>;
  change(sql: string, params?: readonly unknown[]): Promise<void>;
}

export async function openTailSandbox(options: Partial<GrowingOptions> = {}): Promise<TailSandbox> {
  const source = await openGrowingSource({
    ...SAMPLE_DEFAULTS,
    ...{ blocks: 200, days: 1, accounts: 40, finality: FINALITY, commandsPerBlock: 3 },
    ...options,
  });
  const network = await loadNetwork(path.join(source.folder, "network.yaml"));
  const ledgerUrl = pathToFileURL(path.join(source.folder, "genesis-ledger.json")).href;
  const genesisLedger = await loadGenesisLedger(network, ledgerUrl);
  const reader = await connect(source.url, { applicationName: "forklift test", readOnly: true });
  const genesis = await canonicalBlock(reader);
  const tails: PendingTail[] = [];
  return {
    source,
    network,
    reader,
    openTail: ({ root = genesis, ...more } = {}) => {
      const tail = new PendingTail(ledgerOf(genesisLedger), root, {
        ...{ network, threads: 1 },
        ...more,
      });
      tails.push(tail);
      return tail;
    },
    canonical: () => canonicalBlock(reader),
    canonicalAt: (height) => canonicalBlock(reader, height),
    prove: (tail, { block, ...more } = {}) =>
      snapshot(reader, async () =>
        tail.prove(reader, block ?? (await canonicalBlock(reader)), more),
      ),
    async change(sql, params) {
      await using session = await connect(source.url, { applicationName: "forklift test" });
      await session.query(sql, params);
    },
    async [Symbol.asyncDispose]() {
      for (const tail of tails) await tail[Symbol.asyncDispose]();
      await reader.close();
      await source[Symbol.asyncDispose]();
    },
  };
}

function ledgerOf({ accounts, leafHashes }: GenesisLedger): Ledger {
  return Ledger.fromLeafHashes(accounts, leafHashes);
}

/** The highest, or that of a height. */
export async function canonicalBlock(source: Session, height?: bigint): Promise<TargetBlock> {
  const [row] = await source.query<{
    height: string;
    state_hash: StateHash;
    slot: string;
    ledger_hash: TargetBlock["ledgerHash"];
  }>(
    `select height, state_hash, ledger_hash, global_slot_since_genesis as slot
     from blocks where chain_status = 'canonical' and height = coalesce($1, height)
     order by height desc limit 1`,
    [height],
  );
  return {
    height: BigInt(row!.height),
    stateHash: row!.state_hash,
    ledgerHash: row!.ledger_hash,
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row!.slot),
  };
}
