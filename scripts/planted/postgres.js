/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a statement that nothing allows is refused",
    "judge-statement",
    'throw new RefusedStatement("a dump of an archive needs no such statement");',
    'return { kind: "run", sql: "select 1" };',
    "statement-kinds",
  ],
  [
    "of a dump's queries only setval and set_config run",
    "judge-statement",
    'throw new RefusedStatement("of queries only setval and set_config may run");',
    'return { kind: "noted" };',
    "statement-kinds",
  ],
];
