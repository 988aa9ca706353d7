// Uploads to Google Cloud Storage in chunks. A stream cannot be read twice, so a chunk is kept
// until the service has it: after a failure the service is queried for how far it came, and gets
// the rest. The official client begins the upload; its own loop over chunks has no timeout and
// lives on the retries that we switched off.

import { setTimeout as delay } from "node:timers/promises";
import { parseJson } from "@forklift/chain";
import { TryAgainError } from "@forklift/pipeline";
import { waitMsAfter } from "@forklift/system";
import { type Dispatcher, request } from "undici";
import { type Digest, digestStream } from "../digest-stream.ts";
import { isPassing } from "../passing-failure.ts";
import { UnexpectedAnswer } from "./gcs-error.ts";
import type { GcsLimits } from "./gcs-limits.ts";

export interface UploadSession {
  /** The address that the service gave to this upload. */
  readonly uri: string;
  readonly agent: Dispatcher;
  readonly limits: GcsLimits;
  authorization(): Promise<Readonly<Record<string, string>>>;
}

/** The object as the service describes it. */
export interface UploadedObject {
  readonly size: string;
  readonly crc32c: string;
  readonly generation: string;
}

interface Chunk {
  readonly bytes: Uint8Array;
  /** Where it lies in the object. */
  readonly start: number;
  /** Size of the object; null as long as more is to come. */
  readonly total: number | null;
  /** Of the whole object, with its last chunk. */
  readonly crc32c?: string;
}

/** @throws whatever the body throws; then nothing has become an object. */
export async function uploadStream(
  session: UploadSession,
  body: AsyncIterable<Uint8Array>,
): Promise<{ readonly digest: Digest; readonly uploaded: UploadedObject }> {
  const { stream, digest } = digestStream(body);
  const buffer = Buffer.allocUnsafe(session.limits.chunkBytes);
  let start = 0;
  let filled = 0;
  try {
    for await (const piece of stream) {
      for (let at = 0; at < piece.length; ) {
        // Only now that more has come it is known not to be the last.
        if (filled === buffer.length) {
          await sendChunk(session, { bytes: buffer, start, total: null });
          start += filled;
          filled = 0;
        }
        const taken = piece.subarray(at, at + buffer.length - filled);
        buffer.set(taken, filled);
        filled += taken.length;
        at += taken.length;
      }
    }
    const sums = digest();
    const bytes = buffer.subarray(0, filled);
    const last = { bytes, start, total: start + filled, crc32c: sums.crc32c };
    const uploaded = await sendChunk(session, last);
    if (uploaded !== null) return { digest: sums, uploaded };
    throw new TryAgainError("the service took the whole upload, but made no object of it", {
      hint: UPLOAD_HINT,
    });
  } catch (error) {
    await cancel(session);
    throw error;
  }
}

/** Null when the service has the chunk and waits for the next. */
async function sendChunk(session: UploadSession, chunk: Chunk): Promise<UploadedObject | null> {
  const { limits } = session;
  let sent = 0;
  let isUnsure = false;
  for (let failures = 0; ; ) {
    try {
      const answer = await put(session, chunk, isUnsure ? chunk.bytes.length : sent);
      if ("object" in answer) return answer.object;
      const before = sent;
      sent = answer.persisted - chunk.start;
      if (sent < 0 || sent > chunk.bytes.length) throw lostBytes(chunk, answer.persisted);
      if (sent === chunk.bytes.length && chunk.total === null) return null;
      if (sent > before) failures = 0;
      else if (!isUnsure && ++failures > limits.http.retriesMax) throw lostBytes(chunk, sent);
      isUnsure = false;
    } catch (error) {
      if (!isPassing(error) || ++failures > limits.http.retriesMax)
        throw refusedChunk(error, chunk);
      await delay(waitMsAfter(failures, limits.http));
      isUnsure = true;
    }
  }
}

/** Sends the chunk from an offset; nothing of it is the question how far the service came. */
async function put(
  { uri, agent, limits, authorization }: UploadSession,
  { bytes, start, total, crc32c }: Chunk,
  from: number,
): Promise<{ readonly object: UploadedObject } | { readonly persisted: number }> {
  const rest = bytes.subarray(from);
  const range = rest.length === 0 ? "*" : `${start + from}-${start + bytes.length - 1}`;
  const { statusCode, headers, body } = await request(uri, {
    method: "PUT",
    headers: {
      ...(await authorization()),
      "content-range": `bytes ${range}/${total ?? "*"}`,
      ...(crc32c === undefined ? {} : { "x-goog-hash": `crc32c=${crc32c}` }),
    },
    body: rest,
    dispatcher: agent,
    headersTimeout: limits.chunkTimeoutMs,
    // With its answer, which may not drip for ever.
    signal: AbortSignal.timeout(limits.chunkTimeoutMs + limits.http.bodyTimeoutMs),
  });
  const text = await body.text();
  if (statusCode === 200 || statusCode === 201) {
    return { object: uploadedObject(statusCode, text) };
  }
  if (statusCode !== 308) throw new UnexpectedAnswer(statusCode, text);
  const last = /^bytes=0-(\d+)$/.exec(`${headers["range"]}`)?.[1];
  return { persisted: last === undefined ? 0 : Number(last) + 1 };
}

/** @throws UnexpectedAnswer when something between here and the service answered in its place. */
function uploadedObject(statusCode: number, text: string): UploadedObject {
  try {
    return parseJson(text) as UploadedObject;
  } catch {
    throw new UnexpectedAnswer(statusCode, text);
  }
}

const UPLOAD_HINT = "run again, which uploads the object anew";

function lostBytes({ start, bytes }: Chunk, persisted: number): TryAgainError {
  return new TryAgainError(
    `the service has ${persisted} bytes of the upload, expected ${start} to ${start + bytes.length}`,
    { hint: UPLOAD_HINT },
  );
}

function refusedChunk(error: unknown, { start, total }: Chunk): unknown {
  if (!(error instanceof UnexpectedAnswer)) return error;
  const where = `the upload from byte ${start} on`;
  const { status } = error;
  if (status === 404 || status === 410) {
    return new TryAgainError(`${where} was forgotten by the service`, {
      cause: error,
      hint: UPLOAD_HINT,
    });
  }
  // The last chunk carries the checksum, and its refusal says that the bytes do not fit it.
  if (status === 400 && total !== null) {
    return new TryAgainError(`${where} was refused: ${error.message}`, {
      cause: error,
      hint: UPLOAD_HINT,
    });
  }
  return error;
}

/** Frees what the service holds. It would forget by itself in a week, so a failure is no matter. */
async function cancel({ uri, agent, limits, authorization }: UploadSession): Promise<void> {
  try {
    const { body } = await request(uri, {
      method: "DELETE",
      headers: await authorization(),
      dispatcher: agent,
      signal: AbortSignal.timeout(limits.http.headersTimeoutMs),
    });
    await body.dump();
  } catch {
    // The error that made us cancel is the one to report.
  }
}
