// Amounts are nanomina in bigint. Genesis ledgers, checkpoints and fees print them as decimal MINA.

import { FormatError, quote } from "./format-error.ts";
import { parseUnsigned, UINT64_MAX } from "./integer.ts";

export const NANOMINA_PER_MINA = 1_000_000_000n;
const DECIMALS = 9;

/** "0.01" → 10000000n. @throws FormatError for signs, exponents or more than nine decimals. */
export function nanominaOfMina(text: string): bigint {
  const [whole = "", fraction, ...rest] = text.split(".");
  const malformed = fraction !== undefined && !/^[0-9]{1,9}$/.test(fraction);
  if (malformed || rest.length > 0) {
    throw new FormatError(`not an amount in MINA: ${quote(text)}`);
  }
  const nanomina =
    parseUnsigned(whole, UINT64_MAX) * NANOMINA_PER_MINA +
    BigInt((fraction ?? "").padEnd(DECIMALS, "0"));
  if (nanomina > UINT64_MAX) throw new FormatError(`${text} MINA is above 2^64 - 1 nanomina`);
  return nanomina;
}

/** 10000000n → "0.01", the shortest form, without a trailing point. */
export function minaOfNanomina(nanomina: bigint): string {
  const whole = nanomina / NANOMINA_PER_MINA;
  const fraction = (nanomina % NANOMINA_PER_MINA).toString().padStart(DECIMALS, "0");
  const shortened = fraction.replace(/0+$/, "");
  return shortened === "" ? `${whole}` : `${whole}.${shortened}`;
}
