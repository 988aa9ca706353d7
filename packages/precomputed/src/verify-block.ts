// Whether the bytes of a precomputed block are the block that its file name claims. Pure.

import { FormatError, formatErrorAt, type StateHash } from "@forklift/chain";
import { decodeProtocolState, hashProtocolState, type ProtocolState } from "@forklift/ledger";
import type { BlockId } from "./block-source.ts";

/**
 * The protocol state of the block, proven to be the named one: its recomputed hash is the state hash.
 *
 * The other keys of the file differ between daemon versions and are not looked at. A key that occurs
 * twice inside the protocol state needs no search of its own: `JSON.parse` keeps the last value,
 * every value that we hand on is one of those kept, and every one of them enters the hash.
 *
 * @throws FormatError that says what is wrong, but not where the bytes came from.
 */
export function verifyBlock(
  bytes: Uint8Array,
  { height, stateHash }: BlockId,
  expectedParent?: StateHash,
): ProtocolState {
  const state = decodeAt("protocol_state", protocolStateOf(parseJson(bytes)));
  const recomputed = hashProtocolState(state);
  if (recomputed !== stateHash) {
    throw new FormatError(`wrong state hash: recomputed ${recomputed}, expected ${stateHash}`);
  }
  const found = state.body.consensusState.blockchainLength;
  if (found !== height) {
    throw new FormatError(`wrong height: ${found} in the protocol state, expected ${height}`);
  }
  const parent = state.previousStateHash;
  if (expectedParent !== undefined && parent !== expectedParent) {
    throw new FormatError(
      `wrong parent: ${parent} in the protocol state, expected ${expectedParent}`,
    );
  }
  return state;
}

/**
 * Read as Latin-1, so that positions in the text are positions in the file, and so that the few files
 * with broken UTF-8 in a SNARK digest are readable. A protocol state is ASCII: in it the two agree,
 * and any other character is refused by the decoder.
 */
function parseJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/at position ([0-9]+)/.exec(reason)?.[1] ?? Number.NaN);
    if (reason.includes("end of JSON input") || position >= text.length) {
      throw new FormatError(`the JSON is cut off at byte ${text.length}`, { cause });
    }
    const at = Number.isNaN(position) ? "" : ` at byte ${position}`;
    throw new FormatError(`not JSON${at}: ${reason}`, { cause });
  }
}

function protocolStateOf(json: unknown): unknown {
  if (typeof json === "object" && json !== null && Object.hasOwn(json, "protocol_state")) {
    return (json as { protocol_state: unknown }).protocol_state;
  }
  throw new FormatError("not a precomputed block: there is no protocol_state");
}

function decodeAt(path: string, json: unknown): ProtocolState {
  try {
    return decodeProtocolState(json);
  } catch (error) {
    throw formatErrorAt(path, error);
  }
}
