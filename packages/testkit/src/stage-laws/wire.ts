// The frames of PostgreSQL's protocol, version 3: a byte of type, four of length, which count
// themselves, and the rest. What a client sends first has no type.

/** Splits a stream of bytes into frames, however they were split on the way. */
export class FrameCutter {
  #rest: Buffer = Buffer.alloc(0);
  #typeBytes: 0 | 1;

  constructor({ startsTyped }: { readonly startsTyped: boolean }) {
    this.#typeBytes = startsTyped ? 1 : 0;
  }

  /** The whole frames that the bytes complete. A caller that keeps the first untyped calls `typed`. */
  *frames(bytes: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = this.#typeBytes + 4;
      if (this.#rest.length < head) return;
      const end = this.#typeBytes + this.#rest.readUInt32BE(this.#typeBytes);
      if (this.#rest.length < end) return;
      const frame = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      yield frame;
    }
  }

  /** From the next frame on, frames begin with their type. */
  typed(): void {
    this.#typeBytes = 1;
  }
}

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;

/** Whether an untyped frame only requests encryption, which is answered by one byte. */
export function asksForEncryption(frame: Buffer): boolean {
  return frame.length === 8 && [SSL_REQUEST, GSS_REQUEST].includes(frame.readUInt32BE(4));
}

/** The text of a statement that a client sends, by either protocol; null for other frames. */
export function statementOf(frame: Buffer): string | null {
  const type = String.fromCharCode(frame[0]!);
  if (type === "Q") return textAt(frame, 5).text;
  if (type === "P") return textAt(frame, textAt(frame, 5).next).text;
  return null;
}

/** Of a server's frame that says it is ready: idle, in a transaction, in a failed one; else null. */
export function readinessOf(frame: Buffer): "I" | "T" | "E" | null {
  if (String.fromCharCode(frame[0]!) !== "Z") return null;
  return String.fromCharCode(frame[5]!) as "I" | "T" | "E";
}

function textAt(frame: Buffer, start: number): { readonly text: string; readonly next: number } {
  const end = frame.indexOf(0, start);
  return { text: frame.toString("utf8", start, end), next: end + 1 };
}
