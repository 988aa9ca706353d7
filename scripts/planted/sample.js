/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "numbers below a limit are drawn equally often",
    "random",
    "return drawn % limit;",
    "return Math.floor(drawn ** 2 / TWO_TO_32) % limit;",
    "random",
  ],
  [
    "seeds that differ above their 32nd bit differ",
    "random",
    "(seed ^ Math.floor(seed / TWO_TO_32)) >>> 0",
    "seed >>> 0",
    "random",
  ],
  [
    "commands are signed by their fee payers",
    "wallet",
    "this.#pairs.get(command.feePayer)!",
    "this.#pairs.get(command.source)!",
    "wallet",
  ],
];
