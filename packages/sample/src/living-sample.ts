// A sample network as its archive node sees it: block after block, each with its rows and its file, as long as
// somebody asks for more. The chain statuses are those of the moment: whoever keeps the rows decides them later.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import { readSchema } from "@forklift/schemas";
import { Archive } from "./archive.ts";
import { type Beginning, beginSample, type SampleFile } from "./beginning.ts";
import { blockFile } from "./block-json.ts";
import type { SampleBlock } from "./compose-block.ts";
import type { ForkLength } from "./grow-chain.ts";
import { checkOptions, type SampleOptions } from "./options.ts";
import type { RowSink, Value } from "./row-buffer.ts";

/** Rows of some tables, in an order in which their references are good. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

export interface LivingBlock extends BlockRef {
  /** After the block. */
  readonly ledgerHash: LedgerHash;
  /** Loses against the chain, sooner or later. */
  readonly isRival: boolean;
  readonly file: SampleFile;
  /** Everything that the archive node writes of it; its own row is pending. */
  readonly rows: readonly TableRows[];
}

/** Every table after those that its rows refer to. */
const TABLES = [
  ...["public_keys", "snarked_ledger_hashes", "epoch_data", "timing_info", "blocks", "balances"],
  ...["user_commands", "internal_commands", "blocks_user_commands", "blocks_internal_commands"],
];

export class LivingSample {
  readonly #beginning: Beginning;
  readonly #collector: RowCollector;
  readonly #archive: Archive;
  /** Of the genesis block, which is canonical, and its accounts. */
  readonly genesisRows: readonly TableRows[];

  private constructor(beginning: Beginning, collector: RowCollector) {
    this.#beginning = beginning;
    this.#collector = collector;
    this.#archive = new Archive(collector);
    this.#archive.addGenesis(beginning.genesis);
    this.genesisRows = collector.take("canonical");
  }

  /**
   * @param options of which `blocks` is the height that it grows to at most.
   * @throws UsageError for options out of their limits.
   */
  static async begin(options: SampleOptions, forkLength?: ForkLength): Promise<LivingSample> {
    checkOptions(options);
    const { manifest } = await readSchema("mainnet");
    const columns = TABLES.map((table) => {
      const names = manifest.tables[table]!.columns.map(({ name }) => name);
      return [table, names] as const;
    });
    return new LivingSample(beginSample(options, forkLength), new RowCollector(new Map(columns)));
  }

  /** What describes the network before it has grown. */
  get files(): readonly SampleFile[] {
    return this.#beginning.files;
  }

  /**
   * The next height: its rivals, parents first, then the block that stays. A branch of rivals comes at once,
   * so that its tip is the highest block until the chain has overtaken it.
   * @throws RangeError at the height that the options end with.
   */
  grow(): readonly LivingBlock[] {
    const { chain, random } = this.#beginning;
    const { value } = chain.next();
    if (value === undefined) throw new RangeError("the sample has grown to its last height");
    const { rivals, block } = value;
    const grown = [
      ...rivals.map((rival) => ({ made: rival, rows: this.#rowsOf(rival, true) })),
      { made: block, rows: this.#rowsOf(block, false) },
    ];
    return grown.map(({ made, rows }) => {
      const { name, text } = blockFile(random, made);
      return {
        height: made.height,
        stateHash: made.stateHash,
        ledgerHash: made.state.body.blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
        isRival: made !== block,
        file: { name: `blocks/${name}`, text },
        rows,
      };
    });
  }

  #rowsOf(block: SampleBlock, isRival: boolean): readonly TableRows[] {
    this.#archive.addBlock(block, isRival ? "rival" : "canonical");
    return this.#collector.take("pending");
  }
}

class RowCollector implements RowSink {
  readonly #columns: ReadonlyMap<string, readonly string[]>;
  #rows = new Map<string, Value[][]>();

  constructor(columns: ReadonlyMap<string, readonly string[]>) {
    this.#columns = columns;
  }

  append(table: string, row: readonly Value[]): void {
    const rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, [[...row]]);
    else rows.push([...row]);
  }

  /** Everything since the last call. A block's row gets its status, in place of the branch in front of it. */
  take(chainStatus: "canonical" | "pending"): TableRows[] {
    const taken = this.#rows;
    this.#rows = new Map();
    return [...this.#columns].flatMap(([table, columns]) => {
      const rows = taken.get(table);
      if (rows === undefined) return [];
      const isBlocks = table === "blocks";
      return {
        table,
        columns,
        rows: isBlocks ? rows.map(([_branch, ...row]) => [...row, chainStatus]) : rows,
      };
    });
  }
}
