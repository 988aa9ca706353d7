// Plants one error at a time in the rules of the ledger and sees whether its tests notice. A rule
// whose error goes unnoticed is a rule that nobody checks. `npm run test:planted`, some two minutes.
//
// Not in the list: that a payment looks at its source's vesting. Its fee has looked in the same slot and
// with the same answer, so that leaving it out changes nothing.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";

const ROOT = path.dirname(import.meta.dirname);

/** The rule, the file that keeps it, the right code and the wrong one. */
const PLANTED = [
  [
    "a failed command keeps its fee",
    "apply-user-command",
    "writePayer(table, payer.index, { ...paid, nonce, receiptChainHash });",
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
  ["the nonce must fit", "apply-user-command", "if (nonce !== current)", "if (nonce < current)"],
  ["the nonce grows", "apply-user-command", "return current + 1n;", "return current;"],
  ["the fee is paid", "apply-user-command", "payer.balance - fee", "payer.balance"],
  [
    "the receipt chain grows",
    "apply-user-command",
    "extendReceiptChain(table.receiptChainHash(payer.index), command)",
    "table.receiptChainHash(payer.index)",
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
    'if (receiver.index === undefined) return { failure: "Receiver_not_present" };',
    "",
  ],
  [
    "a delegation changes the delegate",
    "apply-user-command",
    'if (command.type === "delegation") table.setDelegate(payer.index, table.key(receiverIndex));',
    "",
  ],
  [
    "a payment to oneself moves nothing",
    "apply-user-command",
    "if (command.receiver === source.publicKey) {",
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
    "receiver.index === undefined ? [receiverIndex] : []",
    "[]",
  ],
  [
    "opening an account costs the creation fee",
    "deposit",
    "funds.balance + amount - creationFee",
    "funds.balance + amount",
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
  [
    "a balance has 64 bits",
    "deposit",
    'return balance > UINT64_MAX ? "Overflow" : balance;',
    "return balance;",
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
  [
    "what the protocol pays to one receiver looks at vesting",
    "pay-one",
    "ledger.table.setTiming(index, timing);",
    "",
  ],
  [
    "of a pair only the second's vesting is looked at",
    "apply-fee-transfer",
    "ledger.table.setTiming(secondIndex, timing);",
    "ledger.table.setTiming(secondIndex, timing);\n" +
      "  ledger.table.setTiming(firstIndex, timingAfterSpending(firstPlace.funds, 0n, slot));",
  ],
  [
    "the second of a pair leaves its vesting",
    "apply-fee-transfer",
    "ledger.table.setTiming(secondIndex, timing);",
    "",
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
    "const firstIndex = settle(ledger, firstPlace, firstBalance);\n" +
      "  const secondIndex = settle(ledger, secondPlace, secondBalance);",
    "const secondIndex = settle(ledger, secondPlace, secondBalance);\n" +
      "  const firstIndex = settle(ledger, firstPlace, firstBalance);",
  ],
  ["the fee transfer is paid out of the coinbase", "apply-coinbase", "amount - fee", "amount"],
  [
    "the transferee is opened before the receiver",
    "apply-coinbase",
    "const transfereeIndex = settle(ledger, transfereePlace, transfereeBalance);\n" +
      "  ledger.table.setTiming(transfereeIndex, timing);\n" +
      "  const index = settle(ledger, place, balance);",
    "const index = settle(ledger, place, balance);\n" +
      "  const transfereeIndex = settle(ledger, transfereePlace, transfereeBalance);\n" +
      "  ledger.table.setTiming(transfereeIndex, timing);",
  ],
  [
    "the transferee's vesting is looked at",
    "apply-coinbase",
    "ledger.table.setTiming(transfereeIndex, timing);",
    "",
  ],
  [
    "the receiver's vesting is not, beside a transferee",
    "apply-coinbase",
    "ledger.table.setTiming(transfereeIndex, timing);",
    "ledger.table.setTiming(transfereeIndex, timing);\n" +
      "  if (place.index !== undefined) {\n" +
      "    ledger.table.setTiming(place.index, timingAfterSpending(place.funds, 0n, slot));\n" +
      "  }",
  ],
  [
    "works of the coinbase receiver cost nothing",
    "diff-transactions",
    "completedWorks.filter(({ prover }) => prover !== coinbaseReceiver)",
    "completedWorks",
  ],
  [
    "a coinbase pays no fee to its own receiver",
    "diff-transactions",
    "transfer?.receiver === receiver ? null : transfer",
    "transfer",
  ],
  [
    "the fee of a command stands behind nine versions",
    "transaction-hash",
    "form.tags(9).integer(fee, 64);",
    "form.tags(8).integer(fee, 64);",
  ],
  [
    "its body stands behind two",
    "transaction-hash",
    "form.tags(2);\n  writeBody(form, command);",
    "form.tags(1);\n  writeBody(form, command);",
  ],
  [
    "a delegation is the second kind of body",
    "transaction-hash",
    "form.byte(1).tags(1).byte(0).publicKey(source)",
    "form.byte(0).tags(1).byte(0).publicKey(source)",
  ],
  [
    "no limit is the greatest",
    "transaction-hash",
    "validUntil ?? VALID_FOR_EVER",
    "validUntil ?? 0n",
  ],
  [
    "the signature is hashed with its version",
    "transaction-hash",
    "form.tags(1).bytes(signature);",
    "form.bytes(signature);",
  ],
  [
    "a coinbase is hashed with the fee transfer that it pays",
    "transaction-hash",
    "if (feeTransfer !== null) writeTransfer(form, feeTransfer);",
    "",
  ],
  [
    "the greatest unsigned integer is written as -1",
    "serialized-form",
    "const value = BigInt.asIntN(width, unsigned);",
    "const value = unsigned;",
  ],
  ["an integer takes one byte up to 127", "serialized-form", "value < 0x80n", "value < 0x7fn"],
  [
    "a record comes back from the journal",
    "account-table",
    "this.#chunk(index).bytes.set(bytes, offsetOf(index));",
    "",
  ],
  [
    "a record is saved once for every mark",
    "account-table",
    "chunk.savedIn[index & CHUNK_MASK] !== epoch",
    "chunk.savedIn[index & CHUNK_MASK] === 0",
  ],
  [
    "an account that was opened goes again",
    "account-table",
    "journal.define(0, () => this.#removeLast())",
    "journal.define(0, () => {})",
  ],
  ["its key goes with it", "account-table", "this.#keys.removeLast();", ""],
  [
    "the next account in its place inherits nothing",
    "account-table",
    "writeTiming(view, index, parts.timing);",
    "if (parts.timing !== null) writeTiming(view, index, parts.timing);",
  ],
  [
    "the parity is part of a key",
    "account-table",
    "return this.#hasFlag(index, FLAG.keyIsOdd) === isOdd;",
    "return true;",
  ],
  [
    "an account that is opened is hashed",
    "account-table",
    "this.#changed(index);\n    return index;",
    "return index;",
  ],
  [
    "an account that is written is hashed again",
    "account-table",
    "this.#changed(index);\n    return chunk;",
    "return chunk;",
  ],
  [
    "a mark begins an epoch",
    "journal",
    "this.#marks.push(mark);\n    this.#beginEpoch();",
    "this.#marks.push(mark);\n    this.#epoch ||= 1;",
  ],
  [
    "closing an inner mark begins an epoch",
    "journal",
    "if (depth > 0) {\n      this.#beginEpoch();",
    "if (depth > 0) {",
  ],
  ["rolling back ends at its mark", "journal", "this.#length > mark.logEnd", "this.#length > 0"],
  [
    "the last mark's closing empties the log",
    "journal",
    "this.#epoch = 0;\n    this.#length = 0;",
    "this.#epoch = 0;",
  ],
  [
    "a key index that grows keeps its keys",
    "key-index",
    "for (let index = 0; index < this.#count; index++)",
    "for (let index = 1; index < this.#count; index++)",
  ],
  ["a key that leaves frees its place", "key-index", "this.#places[at] = FREE;", ""],
  [
    "keys that collide stand side by side",
    "key-index",
    "while (this.#places[at] !== FREE) at = (at + 1) & mask;\n    this.#places[at] = index + 1;",
    "this.#places[at] = index + 1;",
  ],
  [
    "nodes of the tree come back from the journal",
    "hash-array",
    "if (this.#journal.isOpen) this.#journal.save(this.#entry, index, this.at(index));",
    "",
  ],
  [
    "what waited for its hash at a mark waits again",
    "dirty-set",
    "if (this.#journal.isOpen) this.#journal.save(this.#takeEntry, index);",
    "",
  ],
  [
    "what has waited since a mark waits no more",
    "dirty-set",
    "if (this.#journal.isOpen) this.#journal.save(this.#addEntry, index);",
    "",
  ],
  ["what waits comes in order", "dirty-set", "return taken.sort();", "return taken;"],
  [
    "a tree that was built since a mark is not built",
    "merkle-tree",
    "if (this.#journal.isOpen) this.#journal.save(this.#buildEntry, 0);",
    "",
  ],
  [
    "a parent of two changed nodes is hashed once",
    "merkle-tree",
    "count === 0 || ascending[count - 1] !== parent",
    "true",
  ],
  [
    "changed leaves are hashed before the nodes above them",
    "merkle-tree",
    "this.#levels[0]!.setAll(batch, this.#rules.hashLeaves(accounts, batch));",
    "",
  ],
  [
    "a migrated account's verification key has version 2",
    "berkeley-account-hash",
    "MIGRATED: BerkeleyExtras = { verificationKeyVersion: 2",
    "MIGRATED: BerkeleyExtras = { verificationKeyVersion: 3",
  ],
  [
    "an empty place of Berkeley has version 3",
    "berkeley-account-hash",
    "OPENED_BY_BERKELEY: BerkeleyExtras = { verificationKeyVersion: 3",
    "OPENED_BY_BERKELEY: BerkeleyExtras = { verificationKeyVersion: 2",
  ],
  [
    "in Berkeley too, the vesting period of no vesting is one",
    "berkeley-account-hash",
    "const UNTIMED_VESTING_PERIOD = 1;",
    "const UNTIMED_VESTING_PERIOD = 0;",
  ],
  [
    "Berkeley hashes the upper half of the balance",
    "berkeley-account-hash",
    "writer.bits(table.uint32(index, AT.balance + 4), 32);",
    "writer.bits(0, 32);",
  ],
  ["Berkeley's tree has 35 levels", "berkeley-tree-rules", "depth: 35", "depth: 20"],
  [
    "the second of two hashes at once has its own input",
    "poseidon/permutation-code",
    "call(absorb, STATE_2, get(second)),",
    "call(absorb, STATE_2, get(input)),",
  ],
  [
    "the second of two hashes at once starts from the prefix",
    "poseidon/permutation-code",
    "copyStartState(STATE_2),",
    "",
  ],
  [
    "threads put leaves where their accounts are",
    "merkle-tree",
    "leaves.set(hashes, batch[0]! * FIELD_BYTES);",
    "leaves.set(hashes, 0);",
  ],
];

/** Those that take a second. */
const QUICK_TESTS = [
  "apply-user-command",
  "internal-commands",
  "diff-transactions",
  "timing",
  "journal",
  "key-index",
  "hash-array",
  "account-table",
  "merkle-tree",
  "ledger",
  "berkeley-ledger",
  "poseidon-module",
  "hash-threads",
  "transaction-hash",
];

/** Asked last, and only when the others have noticed nothing. */
const SLOW_TESTS = ["mina-signer", "replay-mainnet"];

/** As in vitest.config.ts, which the copy is without: it ends what a planted error keeps running. */
const TEST_MS_MAX = "300000";

function openCopy() {
  const copy = mkdtempSync(path.join(tmpdir(), "forklift-planted-"));
  // Threads run what is built, of which the copy has as much as the repository.
  for (const part of ["src", "test", "dist", "package.json"]) {
    cpSync(path.join(ROOT, "packages/ledger", part), path.join(copy, part), { recursive: true });
  }
  symlinkSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

/** @param name of the file with the error, whose own test is asked first: mostly that is enough. */
async function passes(copy, name = null) {
  const own = QUICK_TESTS.filter((test) => test === name);
  const others = QUICK_TESTS.filter((test) => test !== name);
  for (const tests of [own, others, SLOW_TESTS]) {
    if (tests.length > 0 && !(await passesTests(copy, tests))) return false;
  }
  return true;
}

/** Whether those tests of the copy pass; in one process without walls between them, for speed. */
async function passesTests(copy, tests) {
  const program = path.join(ROOT, "node_modules/vitest/vitest.mjs");
  const files = tests.map((name) => `test/${name}.test.ts`);
  const env = { FORKLIFT_SHARED: path.join(ROOT, "../shared"), ...process.env };
  const limits = ["--testTimeout", TEST_MS_MAX, "--hookTimeout", TEST_MS_MAX];
  const speed = ["--no-isolate", "--maxWorkers", "1", "--bail", "1"];
  const args = [program, "run", "--root", copy, ...speed, ...limits, ...files];
  const [code] = await once(
    spawn(process.execPath, args, { cwd: copy, env, stdio: "ignore" }),
    "exit",
  );
  return code === 0;
}

/** Takes planted errors off the list until it is empty, in a copy of its own. */
async function plantAll(planted) {
  const copy = openCopy();
  let unnoticed = 0;
  try {
    if (!(await passes(copy))) throw new Error("the tests fail before anything was planted");
    for (const [rule, name, right, wrong] of planted) {
      const file = path.join(copy, `src/${name}.ts`);
      const text = readFileSync(file, "utf8");
      if (!text.includes(right)) throw new Error(`${name}.ts has no ${right}: renew the list`);
      writeFileSync(file, text.replace(right, wrong));
      const isNoticed = !(await passes(copy, name));
      writeFileSync(file, text);
      if (!isNoticed) unnoticed++;
      console.log(`${isNoticed ? "noticed  " : "UNNOTICED"}  ${rule}`);
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
  return unnoticed;
}

const rest = PLANTED.values();
const counts = await Promise.all(
  Array.from({ length: availableParallelism() }, () => plantAll(rest)),
);
const unnoticed = counts.reduce((sum, count) => sum + count, 0);
console.log(`${PLANTED.length - unnoticed} of ${PLANTED.length} planted errors were noticed`);
process.exitCode = unnoticed > 0 ? 1 : 0;
