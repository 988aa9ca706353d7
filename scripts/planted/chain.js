/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "a text whose checksum differs is refused",
    "base58check",
    "bytes[end + at] !== checksum.charCodeAt(at)",
    "false",
    "base58",
  ],
  [
    "an integer is not above its maximum",
    "integer",
    "if (value > max) throw",
    "if (false) throw",
    "texts",
  ],
];
