// Writes a sample network to a folder, block after block, and the dump of each night as it comes.

import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BlockRef, LedgerHash, StateHash } from "@forklift/chain";
import { ConfigError, RUN_AGAIN, StoppedError } from "@forklift/pipeline";
import { type ArchiveSchema, readSchema } from "@forklift/schemas";
import { Archive } from "./archive.ts";
import { beginSample, type SampleFile } from "./beginning.ts";
import { blockFile, NETWORK } from "./block-json.ts";
import { dumpStamp, type Period } from "./calendar.ts";
import { configurationText } from "./configuration.ts";
import { createFeatureCounter, type FeatureCounts } from "./features.ts";
import type { Growth } from "./grow-chain.ts";
import { checkOptions, type SampleOptions } from "./options.ts";
import type { Random } from "./random.ts";
import { RowBuffer } from "./row-buffer.ts";
import { writeDump } from "./write-dump.ts";

export interface SampleSummary {
  readonly network: string;
  readonly genesisStateHash: StateHash;
  /** The highest block; its height is also the number of canonical and pending blocks. */
  readonly tip: BlockRef;
  /** After the tip. */
  readonly ledgerHash: LedgerHash;
  readonly accountCount: number;
  /** File names, oldest first. */
  readonly dumps: readonly string[];
  readonly features: FeatureCounts;
}

export interface SampleProgress {
  readonly height: number;
  readonly blocks: number;
}

export interface SampleWatch {
  readonly onProgress?: (progress: SampleProgress) => void;
  /** Aborted, it ends the making before the next block. */
  readonly signal?: AbortSignal;
}

/** What a sample consists of, and what is taken away when it does not become whole. */
const PARTS = ["network.yaml", "forklift.yaml", "genesis-ledger.json", "blocks", "dumps"];

/** Blocks between two calls of `onProgress`. */
const PROGRESS_BLOCKS = 100n;

/**
 * @param out a folder that is not there yet, or empty. It is complete when the promise is fulfilled.
 * @throws UsageError for options out of their limits, ConfigError when the folder holds something,
 * StoppedError when the signal was aborted.
 */
export async function makeSample(
  options: SampleOptions,
  out: string,
  watch: SampleWatch = {},
): Promise<SampleSummary> {
  checkOptions(options);
  await createFolders(out);
  const spoolFolder = path.join(out, ".buffer");
  try {
    const schema = await readSchema("mainnet");
    await using buffer = await RowBuffer.create(spoolFolder, Object.keys(schema.manifest.tables));
    const archive = new Archive(buffer);
    return await writeSample({ options, out, schema, buffer, archive, watch });
  } catch (error) {
    // Half a sample would look like a whole one, and the next run would be refused.
    for (const name of PARTS) await rm(path.join(out, name), { recursive: true, force: true });
    throw error;
  } finally {
    await rm(spoolFolder, { recursive: true, force: true });
  }
}

async function createFolders(out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const [found] = await readdir(out);
  if (found !== undefined) {
    throw new ConfigError(`${out} is not empty: it holds ${found}`, {
      hint: "name a folder that is not there yet",
    });
  }
  await mkdir(path.join(out, "blocks"));
  await mkdir(path.join(out, "dumps"));
}

interface Desk {
  readonly options: SampleOptions;
  readonly out: string;
  readonly schema: ArchiveSchema;
  readonly buffer: RowBuffer;
  readonly archive: Archive;
  readonly watch: SampleWatch;
}

async function writeSample(desk: Desk): Promise<SampleSummary> {
  const { options, archive, watch } = desk;
  const { random, genesis, files, periods, chain } = beginSample(options);
  await writeBeginning(desk, files);
  archive.addGenesis(genesis);

  const features = createFeatureCounter();
  const dumps: string[] = [];
  let tip = { height: 1n, stateHash: genesis.stateHash, slot: 0n };
  for (const growth of chain) {
    if (watch.signal?.aborted === true) {
      throw new StoppedError(
        `stopped by a signal after ${tip.height} of ${options.blocks} blocks`,
        { hint: RUN_AGAIN.beginsAnew },
      );
    }
    features.add(growth, tip.slot);
    await writeGrowth(desk, growth, random);
    tip = growth.block;
    const ended = periods.find(({ lastHeight }) => BigInt(lastHeight) === tip.height);
    if (ended !== undefined) dumps.push(await writeNight(desk, ended));
    if (ended !== undefined || tip.height % PROGRESS_BLOCKS === 0n) {
      watch.onProgress?.({ height: Number(tip.height), blocks: options.blocks });
    }
  }
  return {
    network: NETWORK,
    genesisStateHash: genesis.stateHash,
    tip: { height: tip.height, stateHash: tip.stateHash },
    ledgerHash: genesis.ledger.ledgerHash(),
    accountCount: genesis.ledger.accountCount,
    dumps,
    features: features.counts,
  };
}

async function writeBeginning({ out }: Desk, files: readonly SampleFile[]): Promise<void> {
  for (const { name, text } of files) await writeFile(path.join(out, name), text);
  await writeFile(path.join(out, "forklift.yaml"), configurationText());
}

async function writeGrowth(
  { out, buffer, archive }: Desk,
  { rivals, block }: Growth,
  random: Random,
): Promise<void> {
  for (const rival of rivals) archive.addBlock(rival, "rival");
  archive.addBlock(block, "canonical");
  await buffer.settle();
  for (const made of [...rivals, block]) {
    const { name, text } = blockFile(random, made);
    await writeFile(path.join(out, "blocks", name), text);
  }
}

/** The name of the dump. */
async function writeNight(desk: Desk, period: Period): Promise<string> {
  const { out, schema, buffer, archive, options } = desk;
  const memberName = `${NETWORK}-archive-dump-${dumpStamp(period)}.sql`;
  const name = `${memberName}.tar.gz`;
  await writeDump({
    schema,
    buffer,
    lastIds: archive.lastIds(),
    tipHeight: period.lastHeight,
    finality: options.finality,
    sqlPath: path.join(out, ".buffer", memberName),
    memberName,
    out: path.join(out, "dumps", name),
  });
  return name;
}
