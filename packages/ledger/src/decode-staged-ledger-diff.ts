// Reads the `staged_ledger_diff` of a precomputed block.
//
// Unlike the protocol state it is not under the state hash, and files of one block differ in what
// they keep of it: proofs of works are there or not, a command may carry its hash. So keys that are
// not needed are passed over; those that are needed must have the one canonical form.

import {
  FAILURE_REASONS,
  type FailureReason,
  FormatError,
  nanominaOfMina,
  parseMemo,
  parseUnsigned,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import { checkedPublicKey } from "./decoded-texts.ts";
import { type Decoder, mismatch, plainObject, text } from "./json-decoder.ts";
import type {
  CoinbaseParts,
  CompletedWork,
  DiffCommand,
  InternalCommandBalances,
  PreDiff,
  StagedLedgerDiff,
} from "./staged-ledger-diff.ts";
import type { SingleTransfer } from "./transaction.ts";
import { hashUserCommand, parseSignature, type UnhashedCommand } from "./transaction-hash.ts";

const mina = text(nanominaOfMina);
const amount = text((digits) => parseUnsigned(digits, UINT64_MAX));
const uint32 = text((digits) => parseUnsigned(digits, UINT32_MAX));
const publicKey = text(checkedPublicKey);
const memo = text(parseMemo);
const signature = text(parseSignature);
const defaultToken = text((token) => {
  if (token !== "1") throw new FormatError(`token ${token}, expected 1, the default token`);
});
const failureReason = text((reason) => {
  const known = FAILURE_REASONS.find((candidate) => candidate === reason);
  if (known === undefined) throw new FormatError(`unknown failure reason ${reason}`);
  return known;
});

/**
 * The diff, its commands with the hashes that the archive names them by.
 * @throws FormatError that names the JSON path, "staged_ledger_diff.diff[0]…".
 */
export function decodeStagedLedgerDiff(json: unknown): StagedLedgerDiff {
  const at = "staged_ledger_diff.diff";
  const [first, second] = array(plainObject(json, "staged_ledger_diff")["diff"], at);
  const decoded = decodePreDiff(first, `${at}[0]`);
  return second === null || second === undefined
    ? [decoded]
    : [decoded, decodePreDiff(second, `${at}[1]`)];
}

const decodePreDiff: Decoder<PreDiff> = (json, at) => ({
  commands: key(json, at, "commands", listOf(decodeCommand)),
  completedWorks: key(json, at, "completed_works", listOf(decodeWork)),
  coinbase: key(json, at, "coinbase", decodeCoinbase),
  internalCommandBalances: key(json, at, "internal_command_balances", listOf(decodeBalances)),
});

const decodeWork: Decoder<CompletedWork> = (json, at) => ({
  prover: key(json, at, "prover", publicKey),
  fee: key(json, at, "fee", mina),
});

const decodeCommand: Decoder<DiffCommand> = (json, at) => {
  const [variant, data] = array(plainObject(json, at)["data"], `${at}.data`);
  if (variant !== "Signed_command") throw mismatch(`${at}.data`, "a Signed_command", variant);
  const signed = {
    signer: key(data, `${at}.data`, "signer", publicKey),
    signature: key(data, `${at}.data`, "signature", signature),
  };
  const command = key(data, `${at}.data`, "payload", decodePayload);
  return {
    ...signed,
    command: { ...command, hash: hashUserCommand(command, signed) },
    ...key(json, at, "status", decodeStatus),
  };
};

const decodePayload: Decoder<UnhashedCommand> = (json, at) => {
  const path = `${at}.common`;
  const common = plainObject(json, at)["common"];
  key(common, path, "fee_token", defaultToken);
  const validUntil = key(common, path, "valid_until", uint32);
  return {
    ...key(json, at, "body", decodeBody),
    feePayer: key(common, path, "fee_payer_pk", publicKey),
    fee: key(common, path, "fee", mina),
    nonce: key(common, path, "nonce", uint32),
    validUntil: validUntil === UINT32_MAX ? null : validUntil,
    memo: key(common, path, "memo", memo),
  };
};

type Body = Pick<UnhashedCommand, "type" | "source" | "receiver" | "amount">;

const decodeBody: Decoder<Body> = (json, at) => {
  const [variant, body] = array(json, at);
  if (variant === "Payment") {
    key(body, at, "token_id", defaultToken);
    return {
      type: "payment",
      source: key(body, at, "source_pk", publicKey),
      receiver: key(body, at, "receiver_pk", publicKey),
      amount: key(body, at, "amount", amount),
    };
  }
  const [action, delegation] = variant === "Stake_delegation" ? array(body, at) : [];
  if (action !== "Set_delegate") throw mismatch(at, "a Payment or a Stake_delegation", json);
  return {
    type: "delegation",
    source: key(delegation, at, "delegator", publicKey),
    receiver: key(delegation, at, "new_delegate", publicKey),
    amount: null,
  };
};

type Status = Omit<DiffCommand, "command" | "signer" | "signature">;

const decodeStatus: Decoder<Status> = (json, at) => {
  const [variant, detail, balances] = array(json, at);
  const recorded = {
    feePayerBalance: key(balances, at, "fee_payer_balance", orNull(amount)),
    sourceBalance: key(balances, at, "source_balance", orNull(amount)),
    receiverBalance: key(balances, at, "receiver_balance", orNull(amount)),
  };
  if (variant === "Applied") {
    const fee = key(detail, at, "receiver_account_creation_fee_paid", orNull(amount));
    return { status: "applied", failureReason: null, receiverCreationFeePaid: fee, ...recorded };
  }
  if (variant !== "Failed") throw mismatch(at, "Applied or Failed", variant);
  const [reason] = listOf<FailureReason>(failureReason)(detail, at);
  if (reason === undefined) throw mismatch(at, "a failure reason", detail);
  return { status: "failed", failureReason: reason, receiverCreationFeePaid: null, ...recorded };
};

const decodeCoinbase: Decoder<CoinbaseParts> = (json, at) => {
  const [variant, detail] = array(json, at);
  switch (variant) {
    case "Zero":
      return { parts: 0 };
    case "One":
      return { parts: 1, feeTransfer: orNull(decodeTransfer)(detail, at) };
    case "Two": {
      const [first, second] = orNull(listOf(orNull(decodeTransfer)))(detail, at) ?? [];
      if (!first) return { parts: 2, feeTransfers: [] };
      return { parts: 2, feeTransfers: second ? [first, second] : [first] };
    }
    default:
      throw mismatch(at, "Zero, One or Two", variant);
  }
};

const decodeTransfer: Decoder<SingleTransfer> = (json, at) => ({
  receiver: key(json, at, "receiver_pk", publicKey),
  fee: key(json, at, "fee", mina),
});

const decodeBalances: Decoder<InternalCommandBalances> = (json, at) => {
  const [variant, balances] = array(json, at);
  if (variant === "Coinbase") {
    return {
      kind: "coinbase",
      receiver: key(balances, at, "coinbase_receiver_balance", amount),
      feeTransferReceiver: key(balances, at, "fee_transfer_receiver_balance", orNull(amount)),
    };
  }
  if (variant !== "Fee_transfer") throw mismatch(at, "Coinbase or Fee_transfer", variant);
  return {
    kind: "fee_transfer",
    receiver1: key(balances, at, "receiver1_balance", amount),
    receiver2: key(balances, at, "receiver2_balance", orNull(amount)),
  };
};

function key<T>(json: unknown, at: string, name: string, decode: Decoder<T>): T {
  return decode(plainObject(json, at)[name], `${at}.${name}`);
}

function orNull<T>(decode: Decoder<T>): Decoder<T | null> {
  return (json, at) => (json === null ? null : decode(json, at));
}

function listOf<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (json, at) => array(json, at).map((value, index) => decode(value, `${at}[${index}]`));
}

function array(json: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(json)) throw mismatch(at, "an array", json);
  return json;
}
