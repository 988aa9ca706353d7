/** What a decoder says of bytes that do not unpack. */
export class DecoderError extends Error {}
