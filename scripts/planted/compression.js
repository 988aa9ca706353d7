/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "no frame has a larger window than we allow",
    "zstd-frames",
    "if (bytes <= BigInt(WINDOW_BYTES_MAX)) return;",
    "return;",
    "unzstd",
  ],
  [
    "a stream that begins with a frame to pass over is zstd",
    "compression-of",
    "isZstdFrame(magic) || isSkippableFrame(magic)",
    "isZstdFrame(magic)",
    "unzstd",
  ],
];
