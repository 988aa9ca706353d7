/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a flag wins over the environment",
    "load-config",
    "const value = fromFlag ?? environment[environmentName(key)];",
    "const value = environment[environmentName(key)] ?? fromFlag;",
    "config",
  ],
  [
    "a variable that is no setting is refused",
    "load-config",
    "    ...unknownVariables(environment),\n",
    "",
    "config",
  ],
  [
    "a dump with other bytes under its name is news",
    "look-for-news",
    "return await contentFault(sourceDump.store, dump, sourceDump);",
    "return null;",
    "nightly",
  ],
  [
    "other settings are news",
    "look-for-news",
    "!isDeepStrictEqual(rules, settings)",
    "false",
    "nightly",
  ],
  [
    "wrong data stops follow",
    "follow-loop",
    "[EXIT.verificationFailed, EXIT.sourceData]",
    "[EXIT.verificationFailed]",
    "follow-loop",
  ],
  [
    "a cycle of follow reads one picture of the source",
    "run-cycle",
    "await sharedSnapshot([source, checks], async () => {",
    "await (async (work) => await work())(async () => {",
    "one-picture",
  ],
  [
    "the accounts of a set's checkpoint are hashed, whatever its meta file says of them",
    "check-set-checkpoint",
    "isRehashing: true",
    "isRehashing: false",
    "verify-set",
  ],
  [
    "an export leaves a folder alone that holds something",
    "export-orphans",
    "if (names.length === 0) return;",
    "if (names.length >= 0) return;",
    "export",
  ],
];
