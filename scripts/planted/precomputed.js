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
    "a wrong signature refuses a file where somebody asks",
    "right-signatures",
    "if (first === undefined) return;",
    "return;",
    "signatures",
  ],
  [
    "a wrong signature is that of its block",
    "check-signatures",
    "wrong[at]!.push(place);",
    "wrong[0]!.push(place);",
    "signatures",
  ],
  [
    "signatures are checked by the rules that are asked for",
    "block-verifier",
    "id: { height, stateHash, checksSignatures, keepsBalances }",
    "id: { height, stateHash }",
    "signatures",
  ],
  [
    "a source that holds other commands agrees with nobody",
    "agreement",
    "firstDifference(opinion.content, content) === null",
    "opinion.content !== null",
    "agreement",
  ],
  [
    "a cache is no source of its own",
    "block-sources",
    "place.source !== cache && ",
    "",
    "agreement",
  ],
];
