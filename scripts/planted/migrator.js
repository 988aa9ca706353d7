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
];
