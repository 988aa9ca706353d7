/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a ledger hash that differs ends the replay",
    "ledger-hash-check",
    "if (this.#exceptional === null) throw difference(block, what);",
    "if (this.#exceptional === null) return;",
    "ledger-hash-check",
  ],
  [
    "a recorded balance that differs ends the replay",
    "balance-check",
    "else if (wrong.length > 0) throw wrongBalance(block, placed, wrong[0]!);",
    "",
    "balance-check",
  ],
  [
    "an altered row of any account makes the ledger of a block another",
    "rebuild-ledger",
    "if (found === block.ledgerHash ||",
    "if (found !== null ||",
    "balance",
  ],
  [
    "a pending block whose ledger hash differs is named",
    "judge-pending",
    "found === expected ||",
    "found !== null ||",
    "pending-tail",
  ],
  [
    "a balance is told of a replayed block alone",
    "balances-at",
    "  await requireReplayed(context.target, block);\n",
    "",
    "balance",
  ],
];
