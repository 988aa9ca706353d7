// The WebAssembly instructions that our generators use, as functions from operands to code.

/** Instructions in stack order, operands first; nested, so that expressions nest. */
export type Code = number | readonly Code[];

export type ValueType = "i32" | "i64" | "v128";

/** A parameter or local variable of the function that is being written. */
export interface Local {
  readonly index: number;
}

export function get(local: Local): Code {
  return [0x20, unsignedLeb128(local.index)];
}

export function set(local: Local, value: Code): Code {
  return [value, 0x21, unsignedLeb128(local.index)];
}

/** Calls a function of the module by its index; one with a result leaves that on the stack. */
export function call(functionIndex: number, ...operands: Code[]): Code {
  return [operands, 0x10, unsignedLeb128(functionIndex)];
}

/** Runs the body, then runs it again while the condition, an i32, is not zero. */
export function doWhile(body: Code, condition: Code): Code {
  return [0x03, NO_RESULT, body, condition, 0x0d, 0, END];
}

/** The first value where the condition, an i32, is not zero, else the second. */
export function select(condition: Code, ifTrue: Code, ifFalse: Code): Code {
  return [ifTrue, ifFalse, condition, 0x1b];
}

export const END = 0x0b;

const NO_RESULT = 0x40;

/** The byte in front of every vector instruction. */
const SIMD = 0xfd;

export const i32 = {
  constant: (value: number): Code => [0x41, signedLeb128(value)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  load: load(0x28, 2),
  store: store(0x36, 2),
};

/** Constants have 32 bits at most. Operands of `load32` and `store32` are four bytes in memory and i64 on the stack. */
export const i64 = {
  constant: (value: number): Code => [0x42, signedLeb128(value)],
  lessThanZero: (value: Code): Code => [value, i64.constant(0), 0x53],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  shiftLeft: binary(0x86),
  shiftRightSigned: binary(0x87),
  shiftRight: binary(0x88),
  load: load(0x29, 3),
  load32: load(0x35, 2),
  store: store(0x37, 3),
  store32: store(0x3e, 2),
};

/** Vectors of two i64. Shifts move both lanes by the same number of bits. */
export const i64x2 = {
  /** The same number, of 31 bits at most, in both lanes. */
  constant: (value: number): Code => [SIMD, 0x0c, repeated(wordBytes(value), 2)],
  add: binary([SIMD, 0xce, 0x01]),
  sub: binary([SIMD, 0xd1, 0x01]),
  and: binary([SIMD, 0x4e]),
  shiftLeft: binary([SIMD, 0xcb, 0x01]),
  shiftRight: binary([SIMD, 0xcd, 0x01]),
  load: load([SIMD, 0x00], 4),
  /** Eight bytes of memory, in both lanes. */
  load64Splat: load([SIMD, 0x0a], 3),
  store: store([SIMD, 0x0b], 4),
};

/** Vectors of four i32. */
export const i32x4 = {
  /** The same number in all lanes. */
  constant: (value: number): Code => [SIMD, 0x0c, repeated(wordBytes(value).slice(0, 4), 4)],
  add: binary([SIMD, 0xae, 0x01]),
  /** The low halves of two i64 lanes as the two lowest i32 lanes. */
  lowHalves: (value: Code, again: Code): Code => [value, again, SIMD, 0x0d, LOW_HALVES],
  /** The products of the two lowest i32 lanes, unsigned, as two i64 lanes. */
  multiplyLow: binary([SIMD, 0xde, 0x01]),
};

/** Bytes of the operands by the index that they go to: lanes 0 and 2, twice. */
const LOW_HALVES = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

/** A number of 31 bits as the eight bytes of an i64. */
function wordBytes(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff).concat([0, 0, 0, 0]);
}

function repeated(bytes: readonly number[], times: number): number[] {
  return Array.from({ length: times }, () => bytes).flat();
}

function binary(opcode: Code) {
  return (left: Code, right: Code): Code => [left, right, opcode];
}

function load(opcode: Code, alignment: number) {
  return (address: Code, offset = 0): Code => [address, opcode, alignment, unsignedLeb128(offset)];
}

function store(opcode: Code, alignment: number) {
  return (address: Code, value: Code, offset = 0): Code => [
    address,
    value,
    opcode,
    alignment,
    unsignedLeb128(offset),
  ];
}

/** Seven bits a byte, lowest first; the high bit says that more follow. */
export function unsignedLeb128(value: number): Code {
  if (value < 0x80) return value;
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

/** The same for signed values of 32 bits: the last byte's second highest bit is the sign. */
function signedLeb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40 || rest >= 0x40; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest & 0x7f);
  return bytes;
}
