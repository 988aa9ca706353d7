/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "the chain up to its canonical height is canonical",
    "source-chain",
    ".chain_status = 'canonical' and ",
    ".chain_status is not null and ",
    "source-chain",
  ],
  [
    "two stop options have to agree",
    "source-chain",
    "stopAtHeight !== null && stopAtHeight !== chain.tip.height",
    "false",
    "source-chain",
  ],
];
