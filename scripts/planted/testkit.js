/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "an object is replaced only in the generation that was asked for",
    "preconditions",
    "ifGenerationMatch !== generation ||",
    "",
    "gcs-emulator",
  ],
  [
    "an upload has the checksum that the client promised",
    "uploads",
    "promised !== undefined && promised !== content.crc32c",
    "false",
    "gcs-emulator",
  ],
];
