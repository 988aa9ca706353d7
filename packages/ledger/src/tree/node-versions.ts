// The versions that the nodes of one level take within a window of blocks. A version of a node depends
// on two versions one level below and on nothing else, so that all of one level are hashed at once.

import { FIELD_BYTES } from "@forklift/chain";
import type { HashArray } from "./hash-array.ts";

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
  // A parent has no more versions than its children have together.
  const parents = new Uint32Array(end);
  const parentVersions = new Uint32Array(end);
  const pairs = new Uint8Array(2 * end * FIELD_BYTES);
  if (end > 0) before.reserve(indexes[end - 1]! | 1);
  let count = 0;
  for (let at = 0; at < end; ) {
    const parent = indexes[at]! >>> 1;
    let left = at;
    const leftEnd = endOfIndex(indexes, at, 2 * parent);
    let right = leftEnd;
    at = endOfIndex(indexes, leftEnd, 2 * parent + 1);
    let leftHash = before.at(2 * parent);
    let rightHash = before.at(2 * parent + 1);
    while (left < leftEnd || right < at) {
      const leftVersion = left < leftEnd ? versions[left]! : Number.POSITIVE_INFINITY;
      const rightVersion = right < at ? versions[right]! : Number.POSITIVE_INFINITY;
      const version = Math.min(leftVersion, rightVersion);
      if (leftVersion === version) leftHash = hashAt(hashes, left++);
      if (rightVersion === version) rightHash = hashAt(hashes, right++);
      parents[count] = parent;
      parentVersions[count] = version;
      pairs.set(leftHash, 2 * count * FIELD_BYTES);
      pairs.set(rightHash, (2 * count + 1) * FIELD_BYTES);
      count += 1;
    }
  }
  return {
    indexes: parents.subarray(0, count),
    versions: parentVersions.subarray(0, count),
    pairs: pairs.subarray(0, 2 * count * FIELD_BYTES),
  };
}

/** Brings a level to its state after the window: each node to its last version. */
export function putLast({ indexes, hashes }: NodeVersions, level: HashArray): void {
  const isLast = (at: number) => indexes[at] !== indexes[at + 1];
  let count = 0;
  for (let at = 0; at < indexes.length; at++) if (isLast(at)) count += 1;
  const last = new Uint32Array(count);
  const lastHashes = new Uint8Array(count * FIELD_BYTES);
  let put = 0;
  for (let at = 0; at < indexes.length; at++) {
    if (!isLast(at)) continue;
    last[put] = indexes[at]!;
    lastHashes.set(hashAt(hashes, at), put * FIELD_BYTES);
    put += 1;
  }
  level.setAll(last, lastHashes);
}

function endOfIndex(indexes: Uint32Array, from: number, index: number): number {
  let at = from;
  while (indexes[at] === index) at += 1;
  return at;
}

function hashAt(hashes: Uint8Array, at: number): Uint8Array {
  return hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
}
