// The transactions of a precomputed block, worked out from its staged ledger diff for the tests.
//
// Written against the protocol's rules alone, with what the block records about each transaction,
// so that a replay can be compared step by step.

import {
  nanominaOfMina,
  type PublicKey,
  pointOfPublicKey,
  type UserCommand,
} from "@forklift/chain";
import type { ProtocolState } from "../src/block/protocol-state.ts";
import type { SingleTransfer, Transaction } from "../src/block/transaction.ts";

/** A transaction and what the block says came of it: balances after it, by public key. */
export interface RecordedTransaction {
  readonly transaction: Transaction;
  readonly status: "applied" | "failed";
  readonly failureReason: string | null;
  readonly balances: readonly (readonly [PublicKey, bigint])[];
}

interface JsonTransfer {
  readonly receiver_pk: PublicKey;
  readonly fee: string;
}

interface JsonPreDiff {
  readonly commands: readonly {
    readonly data: readonly [string, JsonCommand];
    status: JsonStatus;
  }[];
  readonly completed_works: readonly { readonly fee: string; readonly prover: PublicKey }[];
  readonly coinbase:
    | readonly ["Zero"]
    | readonly ["One", JsonTransfer | null]
    | readonly ["Two", readonly [JsonTransfer, JsonTransfer | null] | null];
  readonly internal_command_balances: readonly (readonly [string, Record<string, string | null>])[];
}

type JsonStatus = readonly [string, unknown, ...unknown[]];

interface JsonCommand {
  readonly payload: {
    readonly common: {
      readonly fee: string;
      readonly fee_payer_pk: PublicKey;
      readonly nonce: string;
      readonly valid_until: string;
      readonly memo: UserCommand["memo"];
    };
    readonly body:
      | readonly ["Payment", { source_pk: PublicKey; receiver_pk: PublicKey; amount: string }]
      | readonly [
          "Stake_delegation",
          readonly [string, { delegator: PublicKey; new_delegate: PublicKey }],
        ];
  };
}

export interface JsonBlock {
  readonly protocol_state: unknown;
  readonly staged_ledger_diff: { readonly diff: readonly (JsonPreDiff | null)[] };
}

const COINBASE = 720_000_000_000n;
const CREATION_FEE = 1_000_000_000n;

export function transactionsOfBlock(block: JsonBlock, state: ProtocolState): RecordedTransaction[] {
  const { coinbaseReceiver, superchargeCoinbase } = state.body.consensusState;
  const amount = superchargeCoinbase ? 2n * COINBASE : COINBASE;
  return block.staged_ledger_diff.diff.flatMap((half) =>
    half === null ? [] : transactionsOfHalf(half, coinbaseReceiver, amount),
  );
}

function transactionsOfHalf(half: JsonPreDiff, receiver: PublicKey, amount: bigint) {
  const commands = half.commands.map(({ data: [, json], status }) => recordedCommand(json, status));
  const coinbases = coinbasesOf(half.coinbase, receiver, amount);
  const transfers = feeTransfersOf(half, commands, coinbases, receiver);
  const internal = [...coinbases, ...transfers];
  if (internal.length !== half.internal_command_balances.length) {
    throw new Error(`${internal.length} internal commands, the block records others`);
  }
  return [
    ...commands,
    ...internal.map((transaction, index) =>
      recordedInternal(transaction, half.internal_command_balances[index]!),
    ),
  ];
}

function recordedCommand({ payload }: JsonCommand, status: JsonStatus): RecordedTransaction {
  const { common, body } = payload;
  const [source, receiver, amount] =
    body[0] === "Payment"
      ? [body[1].source_pk, body[1].receiver_pk, BigInt(body[1].amount)]
      : [body[1][1].delegator, body[1][1].new_delegate, null];
  const command: UserCommand = {
    type: body[0] === "Payment" ? "payment" : "delegation",
    feePayer: common.fee_payer_pk,
    source,
    receiver,
    nonce: BigInt(common.nonce),
    amount,
    fee: nanominaOfMina(common.fee),
    validUntil: common.valid_until === "4294967295" ? null : BigInt(common.valid_until),
    memo: common.memo,
    hash: "of a test" as UserCommand["hash"],
  };
  const balances = status.at(-1) as Record<string, string | null>;
  return {
    transaction: { kind: "user_command", command },
    status: status[0] === "Applied" ? "applied" : "failed",
    failureReason: status[0] === "Applied" ? null : (status[1] as [[string]])[0].toString(),
    balances: recordedBalances([
      [common.fee_payer_pk, balances["fee_payer_balance"]],
      [source, balances["source_balance"]],
      [receiver, balances["receiver_balance"]],
    ]),
  };
}

function recordedInternal(
  transaction: Transaction,
  [kind, json]: readonly [string, Record<string, string | null>],
): RecordedTransaction {
  const receivers =
    transaction.kind === "coinbase"
      ? [transaction.receiver, transaction.feeTransfer?.receiver]
      : transaction.kind === "fee_transfer"
        ? transaction.transfers.map((transfer) => transfer.receiver)
        : [];
  const names =
    kind === "Coinbase"
      ? ["coinbase_receiver_balance", "fee_transfer_receiver_balance"]
      : ["receiver1_balance", "receiver2_balance"];
  if (kind.toLowerCase() !== transaction.kind) throw new Error(`${kind} is ${transaction.kind}`);
  const balances = names.map((name, index) => [receivers[index]!, json[name]] as const);
  return {
    transaction,
    status: "applied",
    failureReason: null,
    balances: recordedBalances(balances),
  };
}

function recordedBalances(balances: readonly (readonly [PublicKey, string | null | undefined])[]) {
  return balances.flatMap(([key, text]) => (text == null ? [] : [[key, BigInt(text)] as const]));
}

function coinbasesOf(
  [parts, transfers]: JsonPreDiff["coinbase"],
  receiver: PublicKey,
  amount: bigint,
): (Transaction & { kind: "coinbase" })[] {
  const create = (part: bigint, json: JsonTransfer | null) => {
    const erased = json === null || json.receiver_pk === receiver;
    const feeTransfer = erased ? null : transferOf(json);
    return { kind: "coinbase" as const, receiver, amount: part, feeTransfer };
  };
  if (parts === "Zero") return [];
  if (parts === "One") return [create(amount, transfers ?? null)];
  if (!transfers) return [create(CREATION_FEE, null), create(amount - CREATION_FEE, null)];
  const first = CREATION_FEE + nanominaOfMina(transfers[0].fee);
  return [create(first, transfers[0]), create(amount - first, transfers[1])];
}

function transferOf({ receiver_pk, fee }: JsonTransfer): SingleTransfer {
  return { receiver: receiver_pk, fee: nanominaOfMina(fee) };
}

function feeTransfersOf(
  half: JsonPreDiff,
  commands: readonly RecordedTransaction[],
  coinbases: readonly (Transaction & { kind: "coinbase" })[],
  receiver: PublicKey,
): Transaction[] {
  const works = half.completed_works
    .filter(({ prover }) => prover !== receiver)
    .map(({ prover, fee }) => [prover, nanominaOfMina(fee)] as const);
  const paidByCoinbase = coinbases.flatMap(({ feeTransfer }) => feeTransfer ?? []);
  const budget = sum(
    commands.map(({ transaction }) =>
      transaction.kind === "user_command" ? transaction.command.fee : 0n,
    ),
  );
  const owed = sum(works.map(([, fee]) => fee)) - sum(paidByCoinbase.map(({ fee }) => fee));
  const left = budget - (owed > 0n ? owed : 0n);

  const singles = new Map<PublicKey, bigint>();
  for (const [key, fee] of [[receiver, left] as const, ...works]) {
    if (fee > 0n) singles.set(key, (singles.get(key) ?? 0n) + fee);
  }
  for (const { receiver: key, fee } of paidByCoinbase) {
    const rest = (singles.get(key) ?? fee) - fee;
    if (rest > 0n) singles.set(key, rest);
    else singles.delete(key);
  }
  const sorted = [...singles]
    .map(([key, fee]) => ({ point: pointOfPublicKey(key), receiver: key, fee }))
    .sort(({ point: a }, { point: b }) =>
      a.x === b.x ? Number(a.isOdd) - Number(b.isOdd) : a.x < b.x ? -1 : 1,
    );
  return Array.from({ length: Math.ceil(sorted.length / 2) }, (_, pair): Transaction => {
    const [first, second] = sorted.slice(2 * pair, 2 * pair + 2).map((single) => ({
      receiver: single.receiver,
      fee: single.fee,
    }));
    return { kind: "fee_transfer", transfers: second ? [first!, second] : [first!] };
  });
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
