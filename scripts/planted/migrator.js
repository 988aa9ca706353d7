/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "the source's columns are those of the hashed state",
    "merge-block",
    "if (found === expected) continue;",
    'if (found === expected || name === "timestamp") continue;',
    "merge-block",
  ],
  [
    "a command that the source lacks is noticed",
    "compare-commands",
    "Math.max(found.length, expected.length)",
    "Math.min(found.length, expected.length)",
    "compare-commands",
  ],
  [
    "the order of commands of several payers is not settled by one file",
    "differences",
    "moved.length <= 1 || payers.size === 1",
    "moved.length <= 2 || payers.size === 1",
    "differences",
  ],
  [
    "what moves no balance is not settled by balances",
    "differences",
    "!isClear || [...altered, ...extra].some((row) => isWithoutEffect(row, pairs))",
    "!isClear",
    "differences",
  ],
  [
    "several internal commands may share what a receiver is given in another way",
    "differences",
    "altered.length === 1 && extra.length === 0",
    "altered.length === 1",
    "differences",
  ],
];
