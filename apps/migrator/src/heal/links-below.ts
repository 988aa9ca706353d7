// The links of a source, read page by page from the top down.

import { readSourceLinks, type SourceLink } from "@forklift/archive";
import type { Session } from "@forklift/postgres";

/** Heights of a page, with all that stands at them. */
const HEIGHTS_PER_PAGE = 1_000n;

/** Asked for descending heights, each as often as one likes until the one below the next. */
export class LinksBelow {
  readonly #source: Session;
  /** Of two pages, since a block and its parent may lie on either side of a boundary. */
  #byHeight = new Map<bigint, SourceLink[]>();
  /** What is read lies above. */
  #below: bigint;

  constructor(source: Session, height: bigint) {
    this.#source = source;
    this.#below = height;
  }

  async at(height: bigint): Promise<readonly SourceLink[]> {
    if (height <= this.#below) await this.#read();
    return this.#byHeight.get(height) ?? [];
  }

  async #read(): Promise<void> {
    const to = this.#below;
    const from = to - HEIGHTS_PER_PAGE + 1n;
    const above = this.#byHeight.get(to + 1n);
    this.#byHeight = new Map(above === undefined ? [] : [[to + 1n, above]]);
    for (const link of await readSourceLinks(this.#source, { from, to })) {
      const links = this.#byHeight.get(link.height);
      if (links === undefined) this.#byHeight.set(link.height, [link]);
      else links.push(link);
    }
    this.#below = from - 1n;
  }
}
