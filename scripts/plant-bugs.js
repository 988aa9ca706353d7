// Plants one error at a time in the rules of the ledger and sees whether its tests notice. A rule
// whose error goes unnoticed is a rule that nobody checks. `npm run test:planted`, about a minute.
//
// Not in the list: that a payment looks at its source's vesting. Its fee has looked in the same slot and
// with the same answer, so that leaving it out changes nothing.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.dirname(import.meta.dirname);

/** The rule, the file that keeps it, the right code and the wrong one. */
const PLANTED = [
  [
    "a failed command keeps its fee",
    "apply-user-command",
    "ledger.replace(payer.index, paid);",
    "",
  ],
  [
    "only the fee payer may be the source",
    "apply-user-command",
    "command.source !== command.feePayer",
    "false",
  ],
  ["an expired command is refused", "apply-user-command", "slot > validUntil", "false"],
  [
    "the last slot of a command is still valid",
    "apply-user-command",
    "slot > validUntil",
    "slot >= validUntil",
  ],
  [
    "the nonce must fit",
    "apply-user-command",
    "if (nonce !== payer.nonce)",
    "if (nonce < payer.nonce)",
  ],
  ["the nonce grows", "apply-user-command", "payer.nonce + 1n", "payer.nonce"],
  ["the fee is paid", "apply-user-command", "payer.balance - fee", "payer.balance"],
  [
    "the receipt chain grows",
    "apply-user-command",
    "extendReceiptChain(payer.receiptChainHash, command)",
    "payer.receiptChainHash",
  ],
  [
    "paying the fee looks at vesting",
    "apply-user-command",
    "timingAfterSpending(payer, fee, slot)",
    "payer.timing",
  ],
  [
    "a delegation needs its new delegate",
    "apply-user-command",
    'if (place.index === undefined) return { failure: "Receiver_not_present" };',
    "",
  ],
  [
    "a delegation changes the delegate",
    "apply-user-command",
    "{ ...source, delegate: receiver }",
    "source",
  ],
  [
    "a payment to oneself moves nothing",
    "apply-user-command",
    "if (receiver === source.publicKey) {",
    "if (false) {",
  ],
  [
    "a payment to oneself needs the funds since 1.2.0",
    "apply-user-command",
    "if (checksSelfPayment) timingAfterSpending",
    "if (false) timingAfterSpending",
  ],
  [
    "a payment to oneself needed no funds before",
    "apply-user-command",
    "slot >= selfPaymentCheckSlot",
    "true",
  ],
  [
    "a payment leaves its source",
    "apply-user-command",
    "balance: source.balance - amount, timing",
    "timing",
  ],
  [
    "a failed command accesses its payer alone",
    "apply-user-command",
    "accessed: [payer.index],",
    "accessed: [],",
  ],
  [
    "an applied command accesses its receiver",
    "apply-user-command",
    "[...new Set([payer.index, receiverIndex])]",
    "[payer.index]",
  ],
  [
    "a new receiver is a created account",
    "apply-user-command",
    "place.index === undefined ? [receiverIndex] : []",
    "[]",
  ],
  [
    "opening an account costs the creation fee",
    "deposit",
    "account.balance + amount - creationFee",
    "account.balance + amount",
  ],
  ["too small an amount opens no account", "deposit", "amount < creationFee", "false"],
  [
    "exactly the creation fee opens an account",
    "deposit",
    "amount < creationFee",
    "amount <= creationFee",
  ],
  [
    "an account that is there costs no fee",
    "deposit",
    "index === undefined ? ACCOUNT_CREATION_FEE : 0n",
    "ACCOUNT_CREATION_FEE",
  ],
  ["before its cliff all is locked", "timing", "slot < cliffTime", "slot <= cliffTime"],
  [
    "at its cliff the cliff amount is free",
    "timing",
    "initialMinimumBalance - cliffAmount - vested",
    "initialMinimumBalance - vested",
  ],
  [
    "vesting counts whole periods",
    "timing",
    "((slot - cliffTime) / vestingPeriod)",
    "((slot - cliffTime) / vestingPeriod + 1n)",
  ],
  [
    "vesting counts from the cliff",
    "timing",
    "(slot - cliffTime) / vestingPeriod",
    "slot / vestingPeriod",
  ],
  [
    "a schedule without steps ends at its cliff",
    "timing",
    "vestingPeriod === 0n ||",
    "vestingPeriod === 1n ||",
  ],
  ["the minimum is never negative", "timing", "locked > 0n ? locked : 0n", "locked"],
  ["locked funds stay", "timing", "balance - amount < locked", "false"],
  ["what is missing cannot be spent", "timing", "balance < amount", "false"],
  [
    "an account whose vesting is over is untimed",
    "timing",
    "locked > 0n ? timing : null",
    "timing",
  ],
  ["a single fee transfer looks at vesting", "apply-fee-transfer", "{ ...paid, timing }", "paid"],
  [
    "of a pair only the second's vesting is looked at",
    "apply-fee-transfer",
    "settle(ledger, firstPlace, firstPaid)",
    "settle(ledger, firstPlace, { ...firstPaid, timing: timingAfterSpending(firstPlace.account, 0n, slot) })",
  ],
  [
    "the second of a pair leaves its vesting",
    "apply-fee-transfer",
    "{ ...secondPaid, timing }",
    "secondPaid",
  ],
  [
    "two transfers to one receiver are summed",
    "apply-fee-transfer",
    "first.fee + second.fee",
    "first.fee",
  ],
  [
    "the first of a pair is opened first",
    "apply-fee-transfer",
    "settle(ledger, firstPlace, firstPaid),\n    settle(ledger, secondPlace, { ...secondPaid, timing }),",
    "...[settle(ledger, secondPlace, { ...secondPaid, timing }), settle(ledger, firstPlace, firstPaid)].reverse(),",
  ],
  ["a plain coinbase looks at vesting", "apply-coinbase", "{ ...paid, timing }", "paid"],
  ["the fee transfer is paid out of the coinbase", "apply-coinbase", "amount - fee", "amount"],
  [
    "the transferee is opened before the receiver",
    "apply-coinbase",
    "const transfereeIndex = settle(ledger, transfereePlace, { ...transfereePaid, timing });\n  const index = settle(ledger, place, paid);",
    "const index = settle(ledger, place, paid);\n  const transfereeIndex = settle(ledger, transfereePlace, { ...transfereePaid, timing });",
  ],
  [
    "the transferee's vesting is looked at",
    "apply-coinbase",
    "{ ...transfereePaid, timing }",
    "transfereePaid",
  ],
  [
    "the receiver's vesting is not, beside a transferee",
    "apply-coinbase",
    "const index = settle(ledger, place, paid);",
    "const index = settle(ledger, place, { ...paid, timing: timingAfterSpending(place.account, 0n, slot) });",
  ],
];

const TESTS = ["apply-user-command", "internal-commands", "timing", "replay-mainnet"];

function openCopy() {
  const copy = mkdtempSync(path.join(tmpdir(), "forklift-planted-"));
  for (const part of ["src", "test", "package.json"]) {
    cpSync(path.join(ROOT, "packages/ledger", part), path.join(copy, part), { recursive: true });
  }
  symlinkSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

/** Whether the tests of the copy pass. */
function passes(copy) {
  const program = path.join(ROOT, "node_modules/vitest/vitest.mjs");
  const files = TESTS.map((name) => `test/${name}.test.ts`);
  const env = { FORKLIFT_SHARED: path.join(ROOT, "../shared"), ...process.env };
  const args = [program, "run", "--root", copy, "--bail", "1", ...files];
  return spawnSync(process.execPath, args, { cwd: copy, env, stdio: "ignore" }).status === 0;
}

const copy = openCopy();
let unnoticed = 0;
try {
  if (!passes(copy)) throw new Error("the tests fail before anything was planted");
  for (const [rule, name, right, wrong] of PLANTED) {
    const file = path.join(copy, `src/${name}.ts`);
    const text = readFileSync(file, "utf8");
    if (!text.includes(right)) throw new Error(`${name}.ts has no ${right}: renew the list`);
    writeFileSync(file, text.replace(right, wrong));
    const isNoticed = !passes(copy);
    writeFileSync(file, text);
    if (!isNoticed) unnoticed++;
    console.log(`${isNoticed ? "noticed  " : "UNNOTICED"}  ${rule}`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
console.log(`${PLANTED.length - unnoticed} of ${PLANTED.length} planted errors were noticed`);
process.exitCode = unnoticed > 0 ? 1 : 0;
