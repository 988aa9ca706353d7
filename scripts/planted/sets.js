/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "the last good set stays, whatever the rules say",
    "prune-plan",
    '  if (lastGood !== null) keep([lastGood], "last good set");\n',
    "",
    "prune-plan",
  ],
  [
    "a set is published with a verification that said yes",
    "manifest",
    "ok: z.literal(true)",
    "ok: z.boolean()",
    "manifest",
  ],
];
