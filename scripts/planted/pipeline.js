/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a mark is saved in the transaction of its rows",
    "run-stages",
    "      await marks.save(tx, stage.id, result.cursor);\n      return result;\n    });",
    "      return result;\n    });\n    await transaction((tx) => marks.save(tx, stage.id, batch.cursor));",
    "run-stages",
  ],
  [
    "a stage whose checks disagree has failed",
    "run-stages",
    "  throwIfFailed(stage.id, checks);\n",
    "",
    "run-stages",
  ],
];
