// Verifies that the bytes of a precomputed block are the block that its file name claims. Pure.

import {
  type BlockRef,
  FormatError,
  formatErrorAt,
  type IncludedInternalCommand,
  type IncludedUserCommand,
  parseJson,
  type StateHash,
} from "@forklift/chain";
import {
  type DiffCommand,
  decodeProtocolState,
  decodeStagedLedgerDiff,
  hashProtocolStates,
  InvalidTransactionError,
  includedInternalCommands,
  nameDocument,
  otherDocument,
  type ProtocolState,
  type SignatureKind,
  type SignedCommand,
  type StagedLedgerDiff,
  type Transaction,
  transactionsOfDiff,
} from "@forklift/ledger";
import { textWithoutProofs, wholeText } from "./block-text.ts";
import { checkSignatures, type SignatureVerdict } from "./check-signatures.ts";
import { TruncatedBlockError } from "./truncated-block-error.ts";

/** What is kept of a block: neither proofs nor recorded balances, and of signatures whether they are right. */
export interface BlockContent {
  /** It hashes to the block's state hash. */
  readonly protocolState: ProtocolState;
  /**
   * In the order of application, with recomputed hashes. No state hash covers them: they are the
   * block's if they agree with the archive's, or lead to the block's ledger hash. The caller
   * can say so by `accept`.
   */
  readonly userCommands: readonly IncludedUserCommand[];
  readonly internalCommands: readonly IncludedInternalCommand[];
  /** Null where they were not checked. A wrong one does not make the file wrong: see `requireRightSignatures`. */
  readonly signatures: SignatureVerdict | null;
  /** Absent where they were not asked for. */
  readonly recorded?: RecordedBalances;
}

/** Nanomina, as the block recorded them after each command: no state hash covers them. */
export interface RecordedBalances {
  /** In the order of `userCommands`. */
  readonly userCommands: readonly Pick<
    DiffCommand,
    "receiverCreationFeePaid" | "feePayerBalance" | "sourceBalance" | "receiverBalance"
  >[];
  /** Of the receivers, in the order of `internalCommands`. */
  readonly internalCommands: readonly bigint[];
}

/**
 * The content of the block, proven to be the named one: its recomputed hash is the state hash.
 *
 * Files of one block differ between daemon versions in keys that are not looked at, and in proofs. A
 * key that occurs twice inside the protocol state needs no search of its own: `JSON.parse` keeps the
 * last value, every value that we hand on is one of those kept, and every one of them is hashed.
 *
 * The commands are not put off until they are needed, though hashing one costs a quarter of what
 * the protocol state does: a file whose commands cannot be read must be distinguished from a sound
 * one while another source can still be queried.
 *
 * @throws FormatError that says what is wrong, but not where the bytes came from; a TruncatedBlockError
 * when they end too early.
 */
export function verifyBlock(
  bytes: Uint8Array,
  id: NamedBlock,
  expectedParent?: StateHash,
): BlockContent {
  const [verdict] = verifyBlocks([{ bytes, id, expectedParent }]);
  if (verdict instanceof FormatError) throw verdict;
  return verdict!;
}

/** The name of a block, and what is asked of it besides. */
export interface NamedBlock extends BlockRef {
  /** By whose rules the signatures of its user commands are checked; where it is absent, they are not. */
  readonly checksSignatures?: SignatureKind | undefined;
  /** Whether the balances that the block recorded are kept of it. */
  readonly keepsBalances?: boolean | undefined;
}

/** What a file is said to be. */
export interface Claim {
  readonly id: NamedBlock;
  readonly expectedParent?: StateHash | undefined;
}

export interface BlockClaim extends Claim {
  readonly bytes: Uint8Array;
}

/** The same with the text of the file, which may lack its proofs. */
export interface TextClaim extends Claim {
  readonly text: string;
}

/**
 * Many blocks as `verifyBlock` does one, faster since their states are hashed side by side. For each,
 * in order, its content or the error that `verifyBlock` throws.
 */
export function verifyBlocks(claims: readonly BlockClaim[]): (BlockContent | FormatError)[] {
  const verdicts = verifyTexts(claims.map(shortened));
  return verdicts.map((verdict, at) => {
    const again = verdict instanceof FormatError ? secondLook(claims[at]!) : null;
    return again === null ? verdict : verifyTexts([again])[0]!;
  });
}

/** Enough to accept a block. */
export function shortened({ bytes, id, expectedParent }: BlockClaim): TextClaim {
  return { text: textWithoutProofs(bytes), id, expectedParent };
}

/** For the reason and its place in the file, once a block is refused; null where they are known. */
export function secondLook({ bytes, id, expectedParent }: BlockClaim): TextClaim | null {
  const hasProofs = textWithoutProofs(bytes).length < bytes.length;
  return hasProofs ? { text: wholeText(bytes), id, expectedParent } : null;
}

/** As `verifyBlocks`; positions in errors are those in the texts. */
export function verifyTexts(claims: readonly TextClaim[]): (BlockContent | FormatError)[] {
  const decoded = claims.map(({ text }) => orFormatError(() => decodeBlock(text)));
  const sound = decoded.flatMap((block) => (block instanceof FormatError ? [] : block));
  const hashes = hashProtocolStates(sound.map(({ protocolState }) => protocolState));
  let hashed = 0;
  const blocks = decoded.map((block, at) => {
    if (block instanceof FormatError) return block;
    const recomputed = hashes[hashed++]!;
    return orFormatError(() => {
      requireClaimed(block.protocolState, recomputed, claims[at]!);
      const diff = decodeStagedLedgerDiff(valueAt(block.json, "staged_ledger_diff"));
      const { content, signed } = contentOf(diff, block.protocolState);
      if (claims[at]!.id.keepsBalances !== true) return { content, signed };
      return { content: { ...content, recorded: recordedIn(diff) }, signed };
    });
  });
  return withSignatures(blocks, claims);
}

/** A block's content but for its signatures, and the commands that they are of. */
interface Unchecked {
  readonly content: Omit<BlockContent, "signatures">;
  readonly signed: readonly SignedCommand[];
}

function withSignatures(
  blocks: readonly (Unchecked | FormatError)[],
  claims: readonly Claim[],
): (BlockContent | FormatError)[] {
  const verdicts = checkSignatures(
    blocks.map((block, at) =>
      block instanceof FormatError
        ? { signed: [], kind: undefined }
        : { signed: block.signed, kind: claims[at]!.id.checksSignatures },
    ),
  );
  return blocks.map((block, at) =>
    block instanceof FormatError ? block : { ...block.content, signatures: verdicts[at]! },
  );
}

function orFormatError<Result>(work: () => Result): Result | FormatError {
  try {
    return work();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

function decodeBlock(text: string) {
  const json = parseBlock(text);
  try {
    return { json, protocolState: decodeProtocolState(valueAt(json, "protocol_state")) };
  } catch (error) {
    // What it is instead says more than which key is missing first.
    const named = nameDocument(json);
    if (!(error instanceof FormatError) || named === null || named.isBlock === true) throw error;
    throw otherDocument(named, "a precomputed block of before the hard fork");
  }
}

function requireClaimed(
  { previousStateHash: parent, body }: ProtocolState,
  recomputed: StateHash,
  { id: { height, stateHash }, expectedParent }: Claim,
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

function contentOf(diff: StagedLedgerDiff, protocolState: ProtocolState): Unchecked {
  const transactions = transactionsAt("staged_ledger_diff", diff, protocolState.body);
  const sequenceNos = transactions.flatMap(({ kind }, at) => (kind === "user_command" ? at : []));
  const inDiff = diff.flatMap(({ commands }) => commands);
  const userCommands = inDiff.map(({ command, status, failureReason }, at) => ({
    command,
    sequenceNo: sequenceNos[at]!,
    status,
    failureReason,
  }));
  const internalCommands = includedInternalCommands(transactions);
  return { content: { protocolState, userCommands, internalCommands }, signed: inDiff };
}

/** A fee transfer that pays one receiver, and a coinbase that pays for no work, have one balance. */
function recordedIn(diff: StagedLedgerDiff): RecordedBalances {
  const internal = diff.flatMap(({ internalCommandBalances }) => internalCommandBalances);
  return {
    userCommands: diff.flatMap(({ commands }) =>
      commands.map(
        ({ receiverCreationFeePaid, feePayerBalance, sourceBalance, receiverBalance }) => ({
          ...{ receiverCreationFeePaid, feePayerBalance, sourceBalance, receiverBalance },
        }),
      ),
    ),
    internalCommands: internal
      .flatMap((balances) =>
        balances.kind === "coinbase"
          ? [balances.receiver, balances.feeTransferReceiver]
          : [balances.receiver1, balances.receiver2],
      )
      .filter((balance) => balance !== null),
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

function parseBlock(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const cause = error instanceof FormatError ? error.cause : error;
    if (cause === undefined) throw error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const position = Number(/at position ([0-9]+)/.exec(reason)?.[1] ?? Number.NaN);
    if (reason.includes("end of JSON input") || position >= text.length) {
      throw new TruncatedBlockError(`the JSON is cut off at byte ${text.length}`, { cause });
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
