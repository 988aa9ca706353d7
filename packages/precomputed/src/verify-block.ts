// Whether the bytes of a precomputed block are the block that its file name claims. Pure.

import {
  type BlockRef,
  FormatError,
  formatErrorAt,
  type IncludedInternalCommand,
  type IncludedUserCommand,
  type StateHash,
} from "@forklift/chain";
import {
  decodeProtocolState,
  decodeStagedLedgerDiff,
  hashProtocolStates,
  InvalidTransactionError,
  includedInternalCommands,
  type ProtocolState,
  type StagedLedgerDiff,
  type Transaction,
  transactionsOfDiff,
} from "@forklift/ledger";
import { CutBlockError } from "./refusal.ts";

/** What is kept of a block: neither proofs nor signatures nor recorded balances. */
export interface BlockContent {
  /** It hashes to the block's state hash. */
  readonly protocolState: ProtocolState;
  /**
   * In the order of application, with recomputed hashes. No state hash covers them: they are the
   * block's if they agree with the archive's, or lead to the block's ledger hash. Who asks for the
   * block can say so by `accept`.
   */
  readonly userCommands: readonly IncludedUserCommand[];
  readonly internalCommands: readonly IncludedInternalCommand[];
}

/**
 * The content of the block, proven to be the named one: its recomputed hash is the state hash.
 *
 * Files of one block differ between daemon versions in keys that are not looked at, and in proofs. A
 * key that occurs twice inside the protocol state needs no search of its own: `JSON.parse` keeps the
 * last value, every value that we hand on is one of those kept, and every one of them is hashed.
 *
 * The commands are not put off until they are asked for, though hashing one costs a quarter of what
 * the protocol state does: a file whose commands cannot be read must be told from a sound one while
 * another place can still be asked.
 *
 * @throws FormatError that says what is wrong, but not where the bytes came from; a CutBlockError
 * when they end too early.
 */
export function verifyBlock(
  bytes: Uint8Array,
  id: BlockRef,
  expectedParent?: StateHash,
): BlockContent {
  const [verdict] = verifyBlocks([{ bytes, id, expectedParent }]);
  if (verdict instanceof FormatError) throw verdict;
  return verdict!;
}

export interface BlockClaim {
  readonly bytes: Uint8Array;
  readonly id: BlockRef;
  readonly expectedParent?: StateHash | undefined;
}

/**
 * Many blocks as `verifyBlock` does one, faster since their states are hashed side by side. For each,
 * in order, its content or the error that `verifyBlock` throws.
 */
export function verifyBlocks(claims: readonly BlockClaim[]): (BlockContent | FormatError)[] {
  const decoded = claims.map(({ bytes }) => orFormatError(() => decodeBlock(bytes)));
  const sound = decoded.flatMap((block) => (block instanceof FormatError ? [] : block));
  const hashes = hashProtocolStates(sound.map(({ protocolState }) => protocolState));
  let hashed = 0;
  return decoded.map((block, at) => {
    if (block instanceof FormatError) return block;
    const recomputed = hashes[hashed++]!;
    return orFormatError(() => {
      requireClaimed(block.protocolState, recomputed, claims[at]!);
      const diff = decodeStagedLedgerDiff(valueAt(block.json, "staged_ledger_diff"));
      return { protocolState: block.protocolState, ...commandsOf(diff, block.protocolState) };
    });
  });
}

function orFormatError<Result>(work: () => Result): Result | FormatError {
  try {
    return work();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

function decodeBlock(bytes: Uint8Array) {
  const json = parseJson(bytes);
  return { json, protocolState: decodeProtocolState(valueAt(json, "protocol_state")) };
}

function requireClaimed(
  { previousStateHash: parent, body }: ProtocolState,
  recomputed: StateHash,
  { id: { height, stateHash }, expectedParent }: BlockClaim,
): void {
  if (recomputed !== stateHash) {
    throw new FormatError(`wrong state hash: recomputed ${recomputed}, expected ${stateHash}`);
  }
  const found = body.consensusState.blockchainLength;
  if (found !== height) {
    throw new FormatError(`wrong height: ${found} in the protocol state, expected ${height}`);
  }
  if (expectedParent !== undefined && parent !== expectedParent) {
    throw new FormatError(
      `wrong parent: ${parent} in the protocol state, expected ${expectedParent}`,
    );
  }
}

function commandsOf(
  diff: StagedLedgerDiff,
  { body }: ProtocolState,
): Omit<BlockContent, "protocolState"> {
  const transactions = transactionsAt("staged_ledger_diff", diff, body);
  const sequenceNos = transactions.flatMap(({ kind }, at) => (kind === "user_command" ? at : []));
  const inDiff = diff.flatMap(({ commands }) => commands);
  return {
    userCommands: inDiff.map(({ command, status, failureReason }, at) => ({
      command,
      sequenceNo: sequenceNos[at]!,
      status,
      failureReason,
    })),
    internalCommands: includedInternalCommands(transactions),
  };
}

function transactionsAt(
  path: string,
  diff: StagedLedgerDiff,
  { consensusState }: ProtocolState["body"],
): Transaction[] {
  try {
    return transactionsOfDiff(diff, consensusState);
  } catch (error) {
    if (!(error instanceof InvalidTransactionError)) throw error;
    throw formatErrorAt(path, new FormatError(error.message, { cause: error }));
  }
}

/**
 * Read as Latin-1, so that positions in the text are positions in the file, and so that the few files
 * with broken UTF-8 in a SNARK digest are readable. All that is kept is ASCII: there the two agree, and
 * any other character is refused by the decoders.
 */
function parseJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/at position ([0-9]+)/.exec(reason)?.[1] ?? Number.NaN);
    if (reason.includes("end of JSON input") || position >= text.length) {
      throw new CutBlockError(`the JSON is cut off at byte ${text.length}`, { cause });
    }
    const at = Number.isNaN(position) ? "" : ` at byte ${position}`;
    throw new FormatError(`not JSON${at}: ${reason}`, { cause });
  }
}

function valueAt(json: unknown, key: "protocol_state" | "staged_ledger_diff"): unknown {
  if (typeof json === "object" && json !== null && Object.hasOwn(json, key)) {
    return (json as Record<string, unknown>)[key];
  }
  throw new FormatError(`not a precomputed block: there is no ${key}`);
}
