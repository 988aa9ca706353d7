// A source that grows: a database in the old schema that a test lets live, block by block, as an archive node
// writes it, with the block files in a folder that stands for the network's bucket.
//
// A block arrives as pending. Once a branch stands `finality` blocks above it, the block is canonical and those
// beside it are orphaned. Forks are those of the sample, or as long as the test says.

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, type Session } from "@forklift/postgres";
import {
  type ForkLength,
  type LivingBlock,
  LivingSample,
  type SampleOptions,
  type TableRows,
} from "@forklift/sample";
import { readSchema } from "@forklift/schemas";
import { openTestDatabase } from "./test-database.ts";

export interface GrowingOptions extends SampleOptions {
  /** The rival branch that begins at a height, at most `finality` blocks long; without it the sample's own. */
  readonly forkLength?: ForkLength;
  /** Of an empty database on a server of the caller's own; without it there is one on the run's server. */
  readonly url?: string;
}

export interface GrowingSource extends AsyncDisposable {
  readonly url: string;
  /** With `network.yaml`, `genesis-ledger.json` and the block files in `blocks`. */
  readonly folder: string;
  readonly blocks: string;
  /** The highest block of the chain that stays. */
  readonly tip: Pick<LivingBlock, "height" | "stateHash" | "ledgerHash">;
  /** Every block that the source has been given, in the order of arrival. */
  readonly arrived: readonly LivingBlock[];
  /**
   * Lets that many heights arrive: first the file of each block, then its rows and what they decide, in one
   * transaction. Rivals arrive before the block that stays. What failed, since the server was away, is the
   * first to arrive the next time.
   */
  grow(heights: number): Promise<void>;
}

export async function openGrowingSource(options: GrowingOptions): Promise<GrowingSource> {
  const sample = await LivingSample.begin(options, options.forkLength);
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-growing-source-"));
  const blocks = path.join(folder, "blocks");
  await mkdir(blocks);
  for (const { name, text } of sample.files) await writeFile(path.join(folder, name), text);
  const own = options.url === undefined ? await openTestDatabase() : null;
  const url = options.url ?? own!.url;
  await beginArchive(url, sample.genesisRows);
  return new Growing(sample, { url, folder, blocks, finality: options.finality, own });
}

interface Place {
  readonly url: string;
  readonly folder: string;
  readonly blocks: string;
  readonly finality: number;
  /** Goes with the source. */
  readonly own: AsyncDisposable | null;
}

class Growing implements GrowingSource {
  readonly url: string;
  readonly folder: string;
  readonly blocks: string;
  readonly arrived: LivingBlock[] = [];
  readonly #sample: LivingSample;
  readonly #place: Place;
  /** Made, and not in the source yet. */
  #coming: LivingBlock[] = [];

  constructor(sample: LivingSample, place: Place) {
    this.#sample = sample;
    this.#place = place;
    this.url = place.url;
    this.folder = place.folder;
    this.blocks = place.blocks;
  }

  get tip(): LivingBlock {
    const tip = this.arrived.findLast(({ isRival }) => !isRival);
    if (tip === undefined)
      throw new Error("the source has not grown yet: it holds its genesis block");
    return tip;
  }

  async grow(heights: number): Promise<void> {
    for (let height = 0; height < heights; height++) this.#coming.push(...this.#sample.grow());
    await using session = await connect(this.url, { applicationName: "archive node of a test" });
    for (let [next] = this.#coming; next !== undefined; [next] = this.#coming) {
      await this.#deliver(next.file);
      await addBlock(session, next, this.#place.finality);
      this.arrived.push(next);
      this.#coming = this.#coming.slice(1);
    }
  }

  /** A bucket shows whole files only. */
  async #deliver({ name, text }: LivingBlock["file"]): Promise<void> {
    const file = path.join(this.folder, name);
    const partial = path.join(this.folder, `${path.basename(name)}.partial`);
    await writeFile(partial, text);
    await rename(partial, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#place.own?.[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function beginArchive(url: string, genesisRows: readonly TableRows[]): Promise<void> {
  const { tables, constraints } = await readSchema("mainnet");
  await using session = await connect(url, { applicationName: "archive node of a test" });
  await session.transaction(async () => {
    await session.query(tables);
    await session.query(constraints);
    await copyRows(session, genesisRows);
  });
}

async function copyRows(session: Session, rows: readonly TableRows[]): Promise<void> {
  for (const { table, columns, rows: lines } of rows) await session.copyIn(table, columns, lines);
}

async function addBlock(session: Session, block: LivingBlock, finality: number): Promise<void> {
  await session.transaction(async () => {
    await copyRows(session, block.rows);
    const decided = await session.query<{ height: string; state_hash: string }>(DECIDED, [
      block.stateHash,
      finality,
    ]);
    for (const { height, state_hash } of decided) {
      await session.query(
        `update blocks set chain_status = case when state_hash = $2 then 'canonical'
                                               else 'orphaned' end::chain_status_type
         where height = $1`,
        [height, state_hash],
      );
    }
  });
}

/**
 * As `update_chain_status` of the archive node: the ancestors of a new block that are not canonical yet, and
 * stand `$2` blocks or more below it.
 */
const DECIDED = `
  with recursive walk as (
    select id, parent_id, height, state_hash, chain_status, height - $2 as decided
    from blocks where state_hash = $1
    union all
    select parent.id, parent.parent_id, parent.height, parent.state_hash, parent.chain_status,
           walk.decided
    from blocks parent join walk on parent.id = walk.parent_id
    where walk.chain_status <> 'canonical'
  )
  select height, state_hash from walk
  where chain_status <> 'canonical' and height <= decided order by height`;
