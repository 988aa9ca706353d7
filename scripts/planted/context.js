/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "the folder of a run that lives is left alone",
    "work-directory",
    'if (liveness !== "ended" && !(await isUntouched(directory, SILENCE_MAX_MS))) continue;',
    "",
    "work-directory",
  ],
  [
    "the folder of a run that has ended is removed by the next",
    "work-directory",
    'liveness !== "ended" &&',
    "",
    "work-directory",
  ],
];
