// The body of a multipart/related upload: a JSON part, then the content, which is streamed.

import { Refusal } from "./refusal.ts";

/** The JSON part and each part's headers; an object's own metadata may have 8 KiB. */
const PART_BYTES_MAX = 64 * 1024;

export interface MultipartUpload {
  readonly resource: unknown;
  readonly contentType: string | undefined;
  /** To be read to its end. */
  readonly content: AsyncIterable<Uint8Array>;
}

export async function readMultipart(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
): Promise<MultipartUpload> {
  const found = /boundary=(?:"([^"]+)"|([^;]+))/i.exec(contentType);
  if (found === null) throw new Refusal(400, "multipart body without a boundary");
  const boundary = `\r\n--${found[1] ?? found[2]}`;
  const reader = markReader(body);
  await reader.readUntil(boundary.slice(2));
  await reader.readUntil("\r\n\r\n");
  const resource: unknown = JSON.parse(`${await reader.readUntil(boundary)}`);
  const headers = `${await reader.readUntil("\r\n\r\n")}`;
  const type = /^content-type:\s*(.*?)\s*$/im.exec(headers);
  return { resource, contentType: type?.[1], content: reader.streamUntil(`${boundary}--`) };
}

function markReader(body: AsyncIterable<Uint8Array>) {
  const chunks = body[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<void> {
    const { done, value } = await chunks.next();
    if (done === true) throw new Refusal(400, "the multipart body ended early");
    held = Buffer.concat([held, value]);
  }

  return {
    async readUntil(mark: string): Promise<Buffer> {
      for (;;) {
        const at = held.indexOf(mark);
        if (at >= 0) {
          const part = held.subarray(0, at);
          held = held.subarray(at + mark.length);
          return part;
        }
        if (held.length > PART_BYTES_MAX) throw new Refusal(400, "part too long");
        await more();
      }
    },
    async *streamUntil(mark: string): AsyncGenerator<Uint8Array> {
      for (;;) {
        const at = held.indexOf(mark);
        if (at >= 0) {
          yield held.subarray(0, at);
          break;
        }
        // The mark may have begun in the last bytes.
        const safe = held.length - mark.length + 1;
        if (safe > 0) {
          yield held.subarray(0, safe);
          held = held.subarray(safe);
        }
        await more();
      }
      while ((await chunks.next()).done !== true) {
        // What follows the last boundary means nothing, but must be read.
      }
    },
  };
}
