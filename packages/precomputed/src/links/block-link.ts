// The link of a block to its parent, found in the beginning of its file.

import { type BlockRef, FormatError, parseJson, type StateHash } from "@forklift/chain";
import { decodeProtocolState, type ProtocolState } from "@forklift/ledger";

/** A block and the one before it, as the hashed protocol state says. */
export interface BlockLink extends BlockRef {
  readonly parentHash: StateHash;
  /** Of the chain's first block. */
  readonly genesisStateHash: StateHash;
}

/**
 * Bytes of a file that are read for its link. Daemons write the protocol state second, and 2,300
 * bytes are the most that it ends at among mainnet's first 3,915 files; with indentation it is twice that.
 */
export const HEAD_BYTES = 8 * 1024;

const KEY = '"protocol_state"';

/** Of nested objects; the protocol state has five. */
const DEPTH_MAX = 16;

/**
 * The text of the protocol state that stands in the beginning of a block file; null when none stands there
 * whole. Wherever in the file it stands: whoever hashes it knows whether it is the right one.
 */
export function stateTextIn(head: Uint8Array): string | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  const key = text.indexOf(KEY);
  return key === -1 ? null : objectAt(text, key + KEY.length);
}

/** Null for a text that is no protocol state. */
export function readState(text: string): ProtocolState | null {
  try {
    return decodeProtocolState(parseJson(text));
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

export function linkOf(state: ProtocolState, stateHash: StateHash): BlockLink {
  const { previousStateHash: parentHash, body } = state;
  const { genesisStateHash, consensusState } = body;
  return { height: consensusState.blockchainLength, stateHash, parentHash, genesisStateHash };
}

/** The text of the object behind a colon; null when it does not end, or none begins there. */
function objectAt(text: string, from: number): string | null {
  const begin = /^\s*:\s*\{/.exec(text.slice(from));
  if (begin === null) return null;
  const first = from + begin[0].length - 1;
  const marks = /["{}]/g;
  let depth = 0;
  for (let at = first; at >= 0 && at < text.length; ) {
    if (text[at] === '"') at = text.indexOf('"', at + 1);
    else depth += text[at] === "{" ? 1 : -1;
    if (at === -1 || depth > DEPTH_MAX) return null;
    if (depth === 0) return text.slice(first, at + 1);
    marks.lastIndex = at + 1;
    at = marks.exec(text)?.index ?? -1;
  }
  return null;
}
