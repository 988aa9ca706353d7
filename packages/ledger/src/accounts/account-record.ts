// An account as bytes: how its parts lie in a record of an `AccountTable`. All numbers are
// little-endian; field elements are 32 canonical bytes, as they are hashed.
//
//   offset  bytes  part
//        0     32  x coordinate of the public key
//       32     32  x coordinate of the delegate's public key
//       64     32  receipt chain hash
//       96     32  state hash voted for
//      128      8  balance, nanomina
//      136      8  initial minimum balance, nanomina
//      144      8  cliff amount, nanomina
//      152      8  vesting increment, nanomina
//      160      4  nonce
//      164      4  cliff time, a global slot since genesis
//      168      4  vesting period, slots
//      172      4  flags: bit 0 key odd, bit 1 delegate odd, bit 2 timed
//
// The parts of the timing are zero in an untimed account.

export const RECORD_BYTES = 176;

/** Offsets in bytes. */
export const AT = {
  key: 0,
  delegate: 32,
  receiptChainHash: 64,
  votingFor: 96,
  balance: 128,
  initialMinimumBalance: 136,
  cliffAmount: 144,
  vestingIncrement: 152,
  nonce: 160,
  cliffTime: 164,
  vestingPeriod: 168,
  flags: 172,
} as const;

export const FLAG = {
  keyIsOdd: 0b001,
  delegateIsOdd: 0b010,
  isTimed: 0b100,
} as const;
