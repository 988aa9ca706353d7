// The places of block files as a plan opens them: to be probed for the blocks of an archive's chain, or to be walked
// along where there is no archive. What is read is not kept, for a plan writes nothing.

import { ConfigError } from "@forklift/pipeline";
import {
  type BlockSources,
  type BlockSourcesOptions,
  isBundle,
  openBlockSources,
} from "@forklift/precomputed";
import { maskUrl, parseStoreUrl } from "@forklift/storage";
import type { SourceProbe } from "./plan-blocks.ts";
import type { UnseenPlace } from "./plan-walk.ts";
import { openSourceProbes, whyNotReadThrough } from "./source-probes.ts";

export interface PlannedPlaces extends AsyncDisposable {
  readonly blocks: BlockSources;
  readonly probes: readonly SourceProbe[];
  readonly unseen: readonly UnseenPlace[];
}

/** @throws ConfigError as a run would, for a URL that is none. */
export async function openPlannedPlaces(
  options: BlockSourcesOptions,
  { isFromBlocks }: { readonly isFromBlocks: boolean },
): Promise<PlannedPlaces> {
  const { urls, network, scratchDirectory } = options;
  if (!isFromBlocks) {
    const blocks = await openBlockSources({ urls, network, scratchDirectory });
    const opened = await openSourceProbes(options);
    return {
      ...{ blocks, probes: opened.probes, unseen: [] },
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await blocks[Symbol.asyncDispose]();
      },
    };
  }
  const unseen: UnseenPlace[] = [];
  const seen: string[] = [];
  for (const url of urls) {
    const parsed = parseStoreUrl(url);
    const remark = isBundle(parsed) ? await whyNotReadThrough(parsed) : null;
    if (remark === null) seen.push(url);
    else unseen.push({ url: maskUrl(parsed), remark });
  }
  if (seen.length === 0 && unseen.length > 0) throw noneSeen(unseen);
  const blocks = await openBlockSources({ urls: seen, network, scratchDirectory });
  return {
    ...{ blocks, probes: [], unseen },
    [Symbol.asyncDispose]: () => blocks[Symbol.asyncDispose](),
  };
}

function noneSeen(unseen: readonly UnseenPlace[]): ConfigError {
  const places = unseen.map(({ url, remark }) => `${url}: ${remark}`).join("; ");
  return new ConfigError(
    `there is nothing that a plan without an archive could look into (${places})`,
    {
      hint: "give a folder or a bucket with block files besides, or run without --plan",
    },
  );
}
