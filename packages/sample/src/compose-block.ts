// Makes one block: commands for the ledger as it stands, works and coinbase within their fees, every
// transaction applied by the real rules, and a protocol state over the ledger that they leave.

import type { GlobalSlotSinceGenesis, PublicKey, StateHash } from "@forklift/chain";
import {
  ACCOUNT_CREATION_FEE,
  type DiffCommand,
  hashProtocolState,
  hashUserCommand,
  type InternalCommandBalances,
  internalTransactionsOf,
  type Ledger,
  minimumBalance,
  type PreDiff,
  type ProtocolState,
  type StagedLedgerDiff,
} from "@forklift/ledger";
import { makeCommand, randomKind, type Scene } from "./commands.ts";
import {
  type BlockProducer,
  coinbaseOf,
  nextProtocolState,
  nextTip,
  type Tip,
} from "./consensus.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Applied, type LedgerSession, openSession } from "./ledger-session.ts";
import type { Occasion } from "./occasions.ts";
import type { Random } from "./random.ts";
import {
  randomAuxHash,
  randomPendingCoinbaseAux,
  randomPendingCoinbaseHash,
} from "./random-texts.ts";
import type { Wallet } from "./wallet.ts";
import { buyWorks } from "./works.ts";

/** A block with everything that its file and the archive say of it. */
export interface SampleBlock {
  readonly height: bigint;
  readonly slot: bigint;
  readonly stateHash: StateHash;
  readonly state: ProtocolState;
  readonly diff: StagedLedgerDiff;
  /** In the order of application: the index is the archive's sequence number. */
  readonly applied: readonly Applied[];
}

/** What stays the same from block to block. */
export interface Context {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly keys: KeyRing;
  readonly wallet: Wallet;
  /** Genesis accounts, who alone have stake in the sample. */
  readonly stakers: readonly PublicKey[];
  readonly commandsPerBlock: number;
}

export interface BlockOrder {
  readonly parent: Tip;
  readonly slot: GlobalSlotSinceGenesis;
  readonly occasion: Occasion;
  /** Commands of a rival block on the same parent, which go first: the same commands once more. */
  readonly repeated: readonly DiffCommand[];
}

export interface Composed {
  readonly block: SampleBlock;
  readonly tip: Tip;
}

export function composeBlock(context: Context, order: BlockOrder): Composed {
  const { random, ledger } = context;
  const { parent, slot } = order;
  const parentSlot = parent.state.body.consensusState
    .globalSlotSinceGenesis as GlobalSlotSinceGenesis;
  const scene: Scene = { ...context, parentSlot };
  const session = openSession(ledger, parentSlot);
  const producer = chooseProducer(context, order);
  const applied: Applied[] = [];
  const diff = composeDiff({ context, order, scene, producer, session, applied });
  const state = nextProtocolState(random, parent, {
    slot,
    producer,
    stagedLedgerHash: {
      nonSnark: {
        ledgerHash: ledger.ledgerHash(),
        auxHash: randomAuxHash(random),
        pendingCoinbaseAux: randomPendingCoinbaseAux(random),
      },
      pendingCoinbaseHash: randomPendingCoinbaseHash(random),
    },
  });
  const stateHash = hashProtocolState(state);
  const height = state.body.consensusState.blockchainLength;
  const coinbases = diff.map(({ coinbase }) => coinbaseOf(producer, coinbase.parts));
  const opened = applied.reduce((count, { opened }) => count + BigInt(opened.size), 0n);
  const created = coinbases.reduce((sum, part) => sum + part, -opened * ACCOUNT_CREATION_FEE);
  return {
    block: { height, slot, stateHash, state, diff, applied },
    tip: nextTip(parent, { state, stateHash, created }),
  };
}

/** The stake decides who wins; whom it is delegated to makes the block. */
function chooseProducer(
  { random, ledger, keys, stakers }: Context,
  { occasion, slot }: BlockOrder,
): BlockProducer {
  const winner = ledger.account(ledger.indexOf(random.pick(stakers))!);
  const creator = winner.delegate;
  const paid = random.oneIn(3) ? random.pick(keys.producers) : creator;
  return {
    winner: winner.publicKey,
    creator,
    coinbaseReceiver: occasion.opensBy === "coinbase" ? keys.fresh() : paid,
    superchargeCoinbase: winner.timing === null || minimumBalance(winner.timing, slot) === 0n,
  };
}

interface Composition {
  readonly context: Context;
  readonly order: BlockOrder;
  readonly scene: Scene;
  readonly producer: BlockProducer;
  readonly session: LedgerSession;
  /** Grows with every transaction. */
  readonly applied: Applied[];
}

function composeDiff(composition: Composition): StagedLedgerDiff {
  const { context, order } = composition;
  const { occasion, repeated } = order;
  const parts = occasion.coinbaseParts ?? 1;
  if (occasion.hasSecondPreDiff !== true) return [composePreDiff(composition, parts, repeated)];
  const isFirst = context.random.oneIn(2);
  return [
    composePreDiff(composition, isFirst ? parts : 0, repeated),
    composePreDiff(composition, isFirst ? 0 : parts, []),
  ];
}

function composePreDiff(
  composition: Composition,
  coinbaseParts: 0 | 1 | 2,
  repeated: readonly DiffCommand[],
): PreDiff {
  const { context, order, producer, session, applied } = composition;
  const commands = composeCommands(composition, repeated);
  const budget = commands.reduce((sum, { command }) => sum + command.fee, 0n);
  const { coinbaseReceiver } = producer;
  const { random, keys } = context;
  const { occasion } = order;
  const bought = buyWorks({ random, keys, occasion, coinbaseReceiver, budget, coinbaseParts });
  const internal = internalTransactionsOf({ ...bought, commands }, producer).map((transaction) =>
    session.apply(transaction),
  );
  applied.push(...internal);
  return { commands, ...bought, internalCommandBalances: internal.map(internalBalances) };
}

function composeCommands(
  { context, order, scene, session, applied }: Composition,
  repeated: readonly DiffCommand[],
): DiffCommand[] {
  const { random, wallet, commandsPerBlock } = context;
  const { occasion } = order;
  const included = repeated.map((again) => includeCommand(again, session, applied));
  const chance = occasion.isQuiet ? 0 : random.below(2 * commandsPerBlock + 1);
  const kinds = [
    ...(occasion.commands ?? []),
    ...Array.from({ length: chance }, () => randomKind(random)),
  ];
  for (const kind of random.shuffled(kinds)) {
    const unhashed = makeCommand(scene, kind);
    if (unhashed === null) continue;
    const signed = { signer: unhashed.feePayer, signature: wallet.sign(unhashed) };
    const command = { ...unhashed, hash: hashUserCommand(unhashed, signed) };
    included.push(includeCommand({ ...signed, command }, session, applied));
  }
  return included;
}

function includeCommand(
  { command, signer, signature }: Pick<DiffCommand, "command" | "signer" | "signature">,
  session: LedgerSession,
  log: Applied[],
): DiffCommand {
  const applied = session.apply({ kind: "user_command", command });
  log.push(applied);
  const { outcome, balances, opened } = applied;
  return {
    command,
    signer,
    signature,
    status: outcome.status,
    failureReason: outcome.failureReason,
    receiverCreationFeePaid: opened.has(command.receiver) ? ACCOUNT_CREATION_FEE : null,
    feePayerBalance: balances.get(command.feePayer) ?? null,
    sourceBalance: balances.get(command.source) ?? null,
    receiverBalance: balances.get(command.receiver) ?? null,
  };
}

function internalBalances({ transaction, balances }: Applied): InternalCommandBalances {
  switch (transaction.kind) {
    case "coinbase": {
      const transferee = transaction.feeTransfer?.receiver;
      return {
        kind: "coinbase",
        receiver: balances.get(transaction.receiver)!,
        feeTransferReceiver: transferee === undefined ? null : balances.get(transferee)!,
      };
    }
    case "fee_transfer": {
      const [first, second] = transaction.transfers;
      return {
        kind: "fee_transfer",
        receiver1: balances.get(first.receiver)!,
        receiver2: second === undefined ? null : balances.get(second.receiver)!,
      };
    }
    case "user_command":
      throw new TypeError("a user command is not an internal command");
  }
}
