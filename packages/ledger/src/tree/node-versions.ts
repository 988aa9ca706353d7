// The versions that the nodes of one level take within a window of blocks. A version of a node depends
// on two versions one level below and on nothing else, so that all of one level are hashed at once.

import { FIELD_BYTES } from "@forklift/chain";
import type { HashArray } from "./hash-array.ts";
import { copyHash, wordsOf } from "./hash-words.ts";

/**
 * In the order of the indexes, those of one index in the order of the versions. A node that did not
 * change in a version has none there: it is as in the version before, at first as before the window.
 */
export interface NodeVersions {
  readonly indexes: Uint32Array;
  readonly versions: Uint32Array;
  /** 32 bytes each. */
  readonly hashes: Uint8Array;
}

/** Versions that are yet to be hashed, each of the pair of hashes below it. */
export interface UnhashedVersions {
  readonly indexes: Uint32Array;
  readonly versions: Uint32Array;
  readonly pairs: Uint8Array;
}

/**
 * The parents of those nodes, in every version in which one of their children changed.
 * @param before the level of the children as it stood before the window.
 */
export function parentsOf(children: NodeVersions, before: HashArray): UnhashedVersions {
  const { indexes, versions, hashes } = children;
  const end = indexes.length;
  const most = parentVersionsMax(children);
  const parents = new Uint32Array(most);
  const parentVersions = new Uint32Array(most);
  const pairs = new Uint8Array(2 * most * FIELD_BYTES);
  if (end > 0) before.reserve(indexes[end - 1]! | 1);
  const known = before.words;
  const changed = wordsOf(hashes);
  const words = wordsOf(pairs);
  let count = 0;
  for (let at = 0; at < end; ) {
    const parent = indexes[at]! >>> 1;
    let left = at;
    const leftEnd = endOfIndex(indexes, at, 2 * parent);
    let right = leftEnd;
    at = endOfIndex(indexes, leftEnd, 2 * parent + 1);
    // Of either child the version at hand: none of the window's yet, but as it was before.
    let leftAt = -1;
    let rightAt = -1;
    while (left < leftEnd || right < at) {
      const leftVersion = left < leftEnd ? versions[left]! : Number.POSITIVE_INFINITY;
      const rightVersion = right < at ? versions[right]! : Number.POSITIVE_INFINITY;
      const version = Math.min(leftVersion, rightVersion);
      if (leftVersion === version) leftAt = left++;
      if (rightVersion === version) rightAt = right++;
      if (leftAt < 0) copyHash(known, 2 * parent, words, 2 * count);
      else copyHash(changed, leftAt, words, 2 * count);
      if (rightAt < 0) copyHash(known, 2 * parent + 1, words, 2 * count + 1);
      else copyHash(changed, rightAt, words, 2 * count + 1);
      parents[count] = parent;
      parentVersions[count] = version;
      count += 1;
    }
  }
  return {
    indexes: parents.subarray(0, count),
    versions: parentVersions.subarray(0, count),
    pairs: pairs.subarray(0, 2 * count * FIELD_BYTES),
  };
}

/**
 * A parent has no more versions than its children have together; and two neighbours that change in one version
 * are one, as all of a whole ledger are, whose pairs would take twice the memory.
 */
function parentVersionsMax({ indexes, versions }: NodeVersions): number {
  let count = indexes.length;
  for (let at = 1; at < indexes.length; at++) {
    const isRight = indexes[at]! % 2 === 1 && indexes[at - 1] === indexes[at]! - 1;
    if (isRight && versions[at - 1] === versions[at]) count -= 1;
  }
  return count;
}

/** Brings a level to its state after the window: each node to its last version. */
export function putLast({ indexes, hashes }: NodeVersions, level: HashArray): void {
  const words = wordsOf(hashes);
  for (let at = 0; at < indexes.length; at++) {
    const isLast = indexes[at] !== indexes[at + 1];
    if (isLast) level.set(indexes[at]!, words, at);
  }
}

function endOfIndex(indexes: Uint32Array, from: number, index: number): number {
  let at = from;
  while (indexes[at] === index) at += 1;
  return at;
}
