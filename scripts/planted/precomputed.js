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
];
