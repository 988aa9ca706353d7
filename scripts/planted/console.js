/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "nothing is written behind the line that moves",
    "progress-line",
    'if (isPainted) terminal.write("\\n");',
    "",
    "observers",
  ],
  [
    "a line that moves fits the terminal",
    "progress-line",
    ".slice(0, (terminal.columns || Infinity) - 1)",
    "",
    "observers",
  ],
];
