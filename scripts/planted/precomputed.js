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
    "link-reader",
    "!== id.stateHash",
    "=== null",
    "pick-chain",
  ],
  [
    "a picked chain ends in the network's genesis block",
    "pick-chain",
    "|| at.stateHash === floor.stateHash",
    "|| true",
    "pick-chain",
  ],
];
