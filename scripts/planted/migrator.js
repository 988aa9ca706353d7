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
    "a picked chain comes down to the target's tip",
    "pick-chain",
    "above !== null && lowest.parentHash !== above.stateHash",
    "above === undefined",
    "from-blocks",
  ],
  [
    "a block from its file stands on the one that was written before",
    "file-blocks",
    "if (height === below.height + 1n && found === below.stateHash) return;",
    "if (found !== null) return;",
    "copy-picked",
  ],
  [
    "a chain that was picked for another tip is not copied",
    "picked-chain",
    'if (highest.stateHash !== tip.stateHash) return "other";',
    "",
    "copy-picked",
  ],
  [
    "a file beside the chain that is forged is left out",
    "file-branches",
    "const isRefused = read instanceof SourceDataError;",
    "const isRefused = false;",
    "from-blocks",
  ],
];
