// Reads the `staged_ledger_diff` of a precomputed block.
//
// Unlike the protocol state it is not under the state hash, and files of one block differ in what
// they keep of it: proofs of works are there or not, a command may carry its hash. So keys that are
// not needed are passed over; those that are needed must have the one canonical form.

import {
  FAILURE_REASONS,
  FormatError,
  minaOfNanomina,
  nanominaOfMina,
  parseUnsigned,
  quote,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import { checkedMemo, checkedPublicKey } from "../text/decoded-texts.ts";
import { type Decoder, mismatch, plainObject, text } from "../text/json-decoder.ts";
import type {
  CoinbaseParts,
  CompletedWork,
  DiffCommand,
  InternalCommandBalances,
  PreDiff,
  StagedLedgerDiff,
} from "./staged-ledger-diff.ts";
import type { SingleTransfer } from "./transaction.ts";
import { hashSignedCommand, readSignature, type UnhashedCommand } from "./transaction-hash.ts";

/** The daemon prints no zero at the end of a fraction. */
const mina = text((decimal) => {
  const nanomina = nanominaOfMina(decimal);
  if (minaOfNanomina(nanomina) !== decimal) {
    throw new FormatError(`not in its shortest form: ${decimal}`);
  }
  return nanomina;
});
const amount = text((digits) => parseUnsigned(digits, UINT64_MAX));
const uint32 = text((digits) => parseUnsigned(digits, UINT32_MAX));
const publicKey = text(checkedPublicKey);
const memo = text(checkedMemo);
const signature = text(readSignature);
const defaultToken = text((token) => {
  if (token !== "1")
    throw new FormatError(`token ${quote(token)}, expected "1", the default token`);
});
const failureReason = text((reason) => {
  const known = FAILURE_REASONS.find((candidate) => candidate === reason);
  if (known === undefined) throw new FormatError(`unknown failure reason ${quote(reason)}`);
  return known;
});

/**
 * The diff, its commands with the hashes that the archive names them by.
 * @throws FormatError that names the JSON path, "staged_ledger_diff.diff[0]…".
 */
export function decodeStagedLedgerDiff(json: unknown): StagedLedgerDiff {
  const at = "staged_ledger_diff.diff";
  const [first, second] = key(json, "staged_ledger_diff", "diff", tuple(2));
  const decoded = decodePreDiff(first, `${at}[0]`);
  return second === null ? [decoded] : [decoded, decodePreDiff(second, `${at}[1]`)];
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
  const [variant, data] = key(json, at, "data", tuple(2));
  if (variant !== "Signed_command") throw mismatch(`${at}.data`, "a Signed_command", variant);
  const signer = key(data, `${at}.data`, "signer", publicKey);
  const { text: signatureText, bytes } = key(data, `${at}.data`, "signature", signature);
  const command = key(data, `${at}.data`, "payload", decodePayload);
  return {
    signer,
    signature: signatureText,
    command: { ...command, hash: hashSignedCommand(command, signer, bytes) },
    ...key(json, at, "status", decodeStatus),
  };
};

const decodePayload: Decoder<UnhashedCommand> = (json, at) => {
  const path = `${at}.common`;
  const common = key(json, at, "common", plainObject);
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
  const [variant, body] = tuple(2)(json, at);
  if (variant === "Payment") {
    key(body, at, "token_id", defaultToken);
    return {
      type: "payment",
      source: key(body, at, "source_pk", publicKey),
      receiver: key(body, at, "receiver_pk", publicKey),
      amount: key(body, at, "amount", amount),
    };
  }
  const [action, delegation] = variant === "Stake_delegation" ? tuple(2)(body, at) : [];
  if (action !== "Set_delegate") {
    throw mismatch(at, "a Payment or a Stake_delegation", action ?? variant);
  }
  return {
    type: "delegation",
    source: key(delegation, at, "delegator", publicKey),
    receiver: key(delegation, at, "new_delegate", publicKey),
    amount: null,
  };
};

type Status = Omit<DiffCommand, "command" | "signer" | "signature">;

const decodeStatus: Decoder<Status> = (json, at) => {
  const [variant, detail, balances] = tuple(3)(json, at);
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
  const reason = failureReason(tuple(1)(detail, at)[0], at);
  return { status: "failed", failureReason: reason, receiverCreationFeePaid: null, ...recorded };
};

const decodeCoinbase: Decoder<CoinbaseParts> = (json, at) => {
  switch (array(json, at)[0]) {
    case "Zero":
      tuple(1)(json, at);
      return { parts: 0 };
    case "One":
      return { parts: 1, feeTransfer: orNull(decodeTransfer)(tuple(2)(json, at)[1], at) };
    case "Two": {
      const transfers = orNull(tuple(2))(tuple(2)(json, at)[1], at);
      if (transfers === null) return { parts: 2, feeTransfers: [] };
      const first = decodeTransfer(transfers[0], at);
      const second = orNull(decodeTransfer)(transfers[1], at);
      return { parts: 2, feeTransfers: second === null ? [first] : [first, second] };
    }
    default:
      throw mismatch(at, "Zero, One or Two", array(json, at)[0]);
  }
};

const decodeTransfer: Decoder<SingleTransfer> = (json, at) => ({
  receiver: key(json, at, "receiver_pk", publicKey),
  fee: key(json, at, "fee", mina),
});

const decodeBalances: Decoder<InternalCommandBalances> = (json, at) => {
  const [variant, balances] = tuple(2)(json, at);
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
  const object = plainObject(json, at);
  return decode(Object.hasOwn(object, name) ? object[name] : undefined, `${at}.${name}`);
}

function orNull<T>(decode: Decoder<T>): Decoder<T | null> {
  return (json, at) => (json === null ? null : decode(json, at));
}

function listOf<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (json, at) => array(json, at).map((value, index) => decode(value, `${at}[${index}]`));
}

/** What OCaml prints for a variant and its arguments, or for a pair. */
function tuple(length: number): Decoder<readonly unknown[]> {
  return (json, at) => {
    const elements = array(json, at);
    if (elements.length !== length) {
      throw new FormatError(`${at}: expected ${length} elements, found ${elements.length}`);
    }
    return elements;
  };
}

function array(json: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(json)) throw mismatch(at, "an array", json);
  return json;
}
