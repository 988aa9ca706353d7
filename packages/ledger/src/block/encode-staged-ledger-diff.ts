// A staged ledger diff in the form of a precomputed block: what the decoder reads, written.

import { DEFAULT_TOKEN_ID, minaOfNanomina, UINT32_MAX } from "@forklift/chain";
import type {
  CoinbaseParts,
  DiffCommand,
  InternalCommandBalances,
  PreDiff,
  StagedLedgerDiff,
} from "./staged-ledger-diff.ts";
import type { SingleTransfer } from "./transaction.ts";

const DEFAULT_TOKEN = String(DEFAULT_TOKEN_ID);

/** Fees are decimal MINA there, amounts and balances nanomina. Works come without their proofs. */
export function encodeStagedLedgerDiff([first, second]: StagedLedgerDiff): object {
  return { diff: [encodePreDiff(first), second === undefined ? null : encodePreDiff(second)] };
}

function encodePreDiff(preDiff: PreDiff): object {
  return {
    completed_works: preDiff.completedWorks.map(({ prover, fee }) => ({
      fee: minaOfNanomina(fee),
      prover,
    })),
    commands: preDiff.commands.map(encodeCommand),
    coinbase: encodeCoinbase(preDiff.coinbase),
    internal_command_balances: preDiff.internalCommandBalances.map(encodeBalances),
  };
}

function encodeCommand(included: DiffCommand): object {
  const { command, signer, signature } = included;
  const common = {
    fee: minaOfNanomina(command.fee),
    fee_token: DEFAULT_TOKEN,
    fee_payer_pk: command.feePayer,
    nonce: `${command.nonce}`,
    valid_until: `${command.validUntil ?? UINT32_MAX}`,
    memo: command.memo,
  };
  const payload = { common, body: encodeBody(included) };
  return {
    data: ["Signed_command", { payload, signer, signature }],
    status: encodeStatus(included),
  };
}

function encodeBody({ command: { type, source, receiver, amount } }: DiffCommand): unknown {
  if (type === "delegation") {
    return ["Stake_delegation", ["Set_delegate", { delegator: source, new_delegate: receiver }]];
  }
  const payment = { source_pk: source, receiver_pk: receiver, token_id: DEFAULT_TOKEN };
  return ["Payment", { ...payment, amount: `${amount ?? 0n}` }];
}

function encodeStatus(included: DiffCommand): unknown {
  const balances = {
    fee_payer_balance: textOrNull(included.feePayerBalance),
    source_balance: textOrNull(included.sourceBalance),
    receiver_balance: textOrNull(included.receiverBalance),
  };
  if (included.status === "failed") return ["Failed", [included.failureReason], balances];
  const auxiliary = {
    fee_payer_account_creation_fee_paid: null,
    receiver_account_creation_fee_paid: textOrNull(included.receiverCreationFeePaid),
    created_token: null,
  };
  return ["Applied", auxiliary, balances];
}

function encodeCoinbase(coinbase: CoinbaseParts): unknown {
  switch (coinbase.parts) {
    case 0:
      return ["Zero"];
    case 1:
      return ["One", coinbase.feeTransfer && encodeTransfer(coinbase.feeTransfer)];
    case 2: {
      const [first, second] = coinbase.feeTransfers.map(encodeTransfer);
      return ["Two", first === undefined ? null : [first, second ?? null]];
    }
  }
}

function encodeTransfer({ receiver, fee }: SingleTransfer): object {
  return { receiver_pk: receiver, fee: minaOfNanomina(fee) };
}

function encodeBalances(balances: InternalCommandBalances): unknown {
  if (balances.kind === "coinbase") {
    const { receiver, feeTransferReceiver } = balances;
    return [
      "Coinbase",
      {
        coinbase_receiver_balance: `${receiver}`,
        fee_transfer_receiver_balance: textOrNull(feeTransferReceiver),
      },
    ];
  }
  const { receiver1, receiver2 } = balances;
  return [
    "Fee_transfer",
    { receiver1_balance: `${receiver1}`, receiver2_balance: textOrNull(receiver2) },
  ];
}

function textOrNull(amount: bigint | null): string | null {
  return amount === null ? null : `${amount}`;
}
