/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "every column is compared",
    "compare-rows",
    "if (actual === value) continue;",
    'if (actual === value || column.endsWith("_id") || column === "fee") continue;',
    "compare-rows",
  ],
  [
    "a row that nobody expects is a difference",
    "compare-rows",
    '    addLoneRow(lists, row, "extra", findings);\n',
    "",
    "compare-rows",
  ],
  [
    "a walk goes on above a mark of the very same rows only",
    "believe-mark",
    "isDeepStrictEqual(mark.versions, versions)",
    "mark.versions !== null",
    "resumed-walk",
  ],
  [
    "the last block of a part belongs to it",
    "part",
    "where b.height <= ",
    "where b.height < ",
    "part",
  ],
  [
    "what a row of the part refers to belongs to the part",
    "part",
    "isFilled(from) && from !== table",
    'isFilled(from) && from === "blocks"',
    "part",
  ],
  [
    "a pending block is accepted at the end of the part alone",
    "pending-tail",
    "where tail.status = 'pending' and",
    "where",
    "part",
  ],
];
