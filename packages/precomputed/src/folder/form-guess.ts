// Guesses the names under which a remote source may have a block, and the order to request them in:
// most sources use one form for all their blocks, and then a block takes one request.

import { ConfigError } from "@forklift/pipeline";
import type { Store } from "@forklift/storage";
import { blockFileNames, blockFolders, parseBlockName } from "../files/block-file-forms.ts";
import type { BlockId } from "../verify/block-source.ts";

/** A number among all forms; 0 is the ordinary one. */
type Form = number;

const ORDINARY: Form = 0;

/**
 * Blocks that are requested under other likely names at once, although the next source may have
 * them: the form of a source that packs all its files is learned by the first. A block that is
 * requested later, or has a rare name, is found when no source has it under a usual name.
 */
const LEARNED_FROM = 4;

/** Forms that are taken for usual, besides the ordinary one; the last that answered come first. */
const LEARNED_MAX = 3;

/** A listing of names that begin like a block's is of a few; more than this is something else. */
const LISTED_MAX = 100;

export class FormGuess {
  readonly #store: Store;
  readonly #network: string;
  #learned: readonly Form[] = [];
  /** State hashes of blocks that `likelyNames` were given for. */
  readonly #learnedFrom = new Set<string>();
  #canList: boolean;

  constructor(store: Store, network: string) {
    this.#store = store;
    this.#network = network;
    this.#canList = store.isListable;
  }

  /** The next blocks are likely to be named like this one. */
  answered(id: BlockId, name: string): void {
    const form = this.#names(id).indexOf(name);
    // A name that only a listing shows, in a folder of a kind that we do not know.
    if (form === -1) return;
    this.#learned = [form, ...this.#learned.filter((other) => other !== form)].slice(
      0,
      LEARNED_MAX,
    );
  }

  *usualNames(id: BlockId): Generator<string> {
    const names = this.#names(id);
    for (const form of this.#usualForms()) yield names[form]!;
  }

  /** For the first few blocks: names with their height, packed or in a folder of that height. */
  *likelyNames(id: BlockId): Generator<string> {
    if (this.#learnedFrom.size >= LEARNED_FROM) return;
    this.#learnedFrom.add(id.stateHash);
    yield* this.#unusual(id).filter((name) => isLikely(name, id));
  }

  /** The rest; where names can be listed, those that are there. */
  async *otherNames(id: BlockId): AsyncGenerator<string> {
    const wereAsked = this.#learnedFrom.has(id.stateHash);
    const others = this.#unusual(id).filter((name) => !(wereAsked && isLikely(name, id)));
    const listed = this.#canList ? await this.#list(id) : null;
    if (listed === null) yield* others;
    else yield* listed.filter((name) => others.includes(name) || this.#isUnknown(id, name));
  }

  #unusual(id: BlockId): string[] {
    const usual = this.#usualForms();
    return this.#names(id).filter((_, form) => !usual.includes(form));
  }

  #isUnknown(id: BlockId, name: string): boolean {
    return !this.#names(id).includes(name);
  }

  #usualForms(): readonly Form[] {
    return this.#learned.includes(ORDINARY) ? this.#learned : [...this.#learned, ORDINARY];
  }

  #names(id: BlockId): string[] {
    const names = blockFileNames(this.#network, id);
    return blockFolders(id).flatMap((folder) => names.map((name) => folder + name));
  }

  /** Null where we may read and not list, as in many a public bucket. */
  async #list(id: BlockId): Promise<string[] | null> {
    // The plain name without the rest is the beginning of the packed ones, too.
    const names = blockFileNames(this.#network, id).filter((name) => name.endsWith(".json"));
    const prefixes = blockFolders(id).flatMap((folder) => names.map((name) => folder + name));
    const found: string[] = [];
    try {
      for (const prefix of prefixes) found.push(...(await this.#listPrefix(prefix, id)));
      return found;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#canList = false;
      return null;
    }
  }

  async #listPrefix(prefix: string, { stateHash }: BlockId): Promise<string[]> {
    const names: string[] = [];
    let count = 0;
    for await (const { name } of this.#store.list(prefix)) {
      if (parseBlockName(name, this.#network)?.stateHash === stateHash) names.push(name);
      if (++count >= LISTED_MAX) break;
    }
    return names;
  }
}

function isLikely(name: string, { height }: BlockId): boolean {
  const at = name.lastIndexOf("/") + 1;
  return name.slice(at).includes(`-${height}-`) && (at === 0 || name.startsWith(`${height}/`));
}
