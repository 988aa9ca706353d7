// SQL without the byte order mark that editors and other systems put before it, as psql reads it.

import { peek } from "@forklift/compression";

const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);

export async function* utf8Sql(sql: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(sql, BYTE_ORDER_MARK.length);
  let passOver = BYTE_ORDER_MARK.equals(head) ? BYTE_ORDER_MARK.length : 0;
  for await (const chunk of all) {
    // What was peeked at is in the first chunk whole.
    if (chunk.length > passOver) yield chunk.subarray(passOver);
    passOver = 0;
  }
}
