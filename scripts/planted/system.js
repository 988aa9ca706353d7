/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a number that has gone to another process is of one that has ended",
    "process-mark",
    'return start === found ? "running" : "ended";',
    'return "running";',
    "process-mark",
  ],
  [
    "of a process on another machine nobody can tell",
    "process-mark",
    'if (host !== ours.host) return "unknown";',
    "",
    "process-mark",
  ],
];
