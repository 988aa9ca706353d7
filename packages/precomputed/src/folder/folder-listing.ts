// Lists the block files of a folder and its subfolders, read once, when the first block is not
// there under its ordinary name.

import type { Store } from "@forklift/storage";
import { parseBlockName } from "../files/block-file-forms.ts";
import type { BlockId } from "../verify/block-source.ts";

interface Listed {
  readonly name: string;
  readonly height: bigint | null;
  readonly rank: number;
}

export class FolderListing {
  readonly #store: Store;
  readonly #network: string;
  #files: Promise<ReadonlyMap<string, readonly Listed[]>> | undefined;

  constructor(store: Store, network: string) {
    this.#store = store;
    this.#network = network;
  }

  /** Of the files that claim to be the block, the one to be taken first before the others. */
  async namesOf({ height, stateHash }: BlockId): Promise<string[]> {
    this.#files ??= this.#list().catch((error: unknown) => {
      // A disk that failed may be back for the next block.
      this.#files = undefined;
      throw error;
    });
    const files = (await this.#files).get(stateHash) ?? [];
    return files
      .filter((file) => file.height === null || file.height === height)
      .sort((a, b) => a.rank - b.rank)
      .map(({ name }) => name);
  }

  async #list(): Promise<ReadonlyMap<string, readonly Listed[]>> {
    const files = new Map<string, Listed[]>();
    for await (const { name } of this.#store.list()) {
      const claimed = parseBlockName(name, this.#network);
      if (claimed === null) continue;
      const { stateHash, height, rank } = claimed;
      const known = files.get(stateHash);
      if (known === undefined) files.set(stateHash, [{ name, height, rank }]);
      else known.push({ name, height, rank });
    }
    return files;
  }
}
