/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "every byte goes into the checksum",
    "digest-stream",
    "      crc32c.update(chunk);\n",
    "",
    "digest-stream",
  ],
  [
    "a file that shrinks while it is read is no whole one",
    "file-store",
    "if (read !== bytes) {",
    "if (false) {",
    "file-store",
  ],
];
