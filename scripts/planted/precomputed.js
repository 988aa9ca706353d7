/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a block's hash is recomputed and compared",
    "verify-block",
    "if (recomputed !== stateHash)",
    "if (false)",
    "verify-block",
  ],
  [
    "a block stands at the height of its name",
    "verify-block",
    "if (found !== height)",
    "if (false)",
    "verify-block",
  ],
  [
    "a link counts once it hashes to its block",
    "pick-chain",
    "hashes[hashed++] !== link.stateHash",
    "hashes[hashed++] === null",
    "pick-chain",
  ],
  [
    "a picked chain ends in the block that it goes down to",
    "pick-chain",
    "|| lowest.parentHash === floor.stateHash",
    "|| true",
    "pick-chain",
  ],
];
