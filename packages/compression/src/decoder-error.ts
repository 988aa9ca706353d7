/** The error of a decoder for bytes that do not unpack. */
export class DecoderError extends Error {}
