// Balances at a block, as a table for people and as a document.

import { jsonNumber, minaOfNanomina, type Timing } from "@forklift/chain";
import { counted, table } from "@forklift/console";
import type { Balances, HeldAccount } from "../ledger/balances-at.ts";

export function balanceTable({
  block,
  accountCount,
  isLedgerHashCompared,
  accounts,
}: Balances): string {
  const amount = (title: string) => ({ title, align: "right" }) as const;
  const rows = accounts.map(({ publicKey, account }) =>
    account === null
      ? [publicKey, "does not exist at this block"]
      : [publicKey, ...[account.total, account.liquid, account.locked].map(minaOfNanomina)].concat(
          `${account.total}`,
          `${account.nonce}`,
          account.delegate === publicKey ? "itself" : account.delegate,
        ),
  );
  const columns = [
    { title: "account" },
    ...["total MINA", "liquid MINA", "locked MINA", "total nanomina", "nonce"].map(amount),
    { title: "delegate" },
  ];
  return [
    table(columns, rows),
    "",
    ...accounts.flatMap(({ account }) => (account === null ? [] : timingLines(account))),
    `block   ${block.stateHash} at height ${block.height}, ${block.chainStatus}, slot ${block.globalSlotSinceGenesis}`,
    isLedgerHashCompared
      ? `ledger  ${counted(accountCount, "account")} rebuilt from the rows, ledger hash ${block.ledgerHash} as the block's`
      : `ledger  ${counted(accountCount, "account")} rebuilt from the rows, ledger hash NOT compared: the preset excepts this block`,
  ].join("\n");
}

function timingLines({ publicKey, timing }: HeldAccount): string[] {
  if (timing === null) return [];
  const { initialMinimumBalance, cliffTime, cliffAmount, vestingPeriod, vestingIncrement } = timing;
  return [
    `timing  of ${publicKey}: ${minaOfNanomina(initialMinimumBalance)} MINA locked until slot ${cliffTime}, ` +
      `then ${minaOfNanomina(cliffAmount)} MINA free, and ${minaOfNanomina(vestingIncrement)} MINA more ` +
      `every ${vestingPeriod} slots`,
  ];
}

export function balanceDocument({
  block,
  accountCount,
  isLedgerHashCompared,
  accounts,
}: Balances): object {
  return {
    ok: true,
    block: {
      height: jsonNumber(block.height),
      stateHash: block.stateHash,
      chainStatus: block.chainStatus,
      globalSlotSinceGenesis: jsonNumber(block.globalSlotSinceGenesis),
      ledgerHash: block.ledgerHash,
    },
    accountsInLedger: accountCount,
    ledgerHashCompared: isLedgerHashCompared,
    accounts: accounts.map(({ publicKey, account }) =>
      account === null ? { publicKey, exists: false } : accountDocument(account),
    ),
  };
}

/** Amounts twice: exact in nanomina, and in MINA; both as texts, since a JSON number is not exact. */
function accountDocument(held: HeldAccount): object {
  const { publicKey, token, ledgerIndex, nonce, delegate, timing } = held;
  const amount = (nanomina: bigint) => ({
    nanomina: `${nanomina}`,
    mina: minaOfNanomina(nanomina),
  });
  return {
    ...{ publicKey, token, exists: true, ledgerIndex },
    total: amount(held.total),
    liquid: amount(held.liquid),
    locked: amount(held.locked),
    nonce: jsonNumber(nonce),
    delegate,
    timing: timing === null ? null : timingDocument(timing),
  };
}

function timingDocument(timing: Timing): object {
  return {
    initialMinimumBalance: `${timing.initialMinimumBalance}`,
    cliffTime: jsonNumber(timing.cliffTime),
    cliffAmount: `${timing.cliffAmount}`,
    vestingPeriod: jsonNumber(timing.vestingPeriod),
    vestingIncrement: `${timing.vestingIncrement}`,
  };
}
