// Credentials and endpoint for Google Cloud Storage.

import { ConfigError } from "@forklift/pipeline";
import type { Bucket, Storage } from "@google-cloud/storage";
import { agreeOnProxies } from "../http/proxies.ts";
import { ACCESS_HINT, gcsError } from "./gcs-error.ts";
import type { GcsLimits } from "./gcs-limits.ts";

export interface GcsAccess {
  /** Of the official client. */
  readonly bucket: Bucket;
  /** The bucket in the JSON API. */
  readonly apiUrl: string;
  /** Neither credentials were found nor an emulator was named. */
  readonly isAnonymous: boolean;
  /** What a request of our own must carry. */
  authorization(): Promise<Readonly<Record<string, string>>>;
}

const SERVICE = "https://storage.googleapis.com/";

type Interceptor = Storage["interceptors"][number];

/** By its text, since the client has no class for it. */
const NO_CREDENTIALS = /Could not load the default credentials/;

/**
 * The official client is loaded here: it takes a sixth of a second, which only those pay who have a
 * bucket. Credentials are found by its own rules. Where none are, public buckets can still be read.
 * @throws ConfigError for credentials that are named but cannot be used.
 */
export async function connect(bucketName: string, limits: GcsLimits): Promise<GcsAccess> {
  const emulator = process.env["STORAGE_EMULATOR_HOST"];
  if (emulator !== undefined && !/^https?:\/\/[^/]+\/?$/.test(emulator)) {
    throw new ConfigError(`STORAGE_EMULATOR_HOST is ${emulator}, expected http://host:port`, {
      hint: "unset STORAGE_EMULATOR_HOST to use Google Cloud Storage, or give the emulator's URL",
    });
  }
  agreeOnProxies(process.env, new URL(emulator ?? SERVICE));
  const isForcedAnonymous = process.env["FORKLIFT_GCS_ANONYMOUS"] === "1";
  if (emulator !== undefined) return access(await openClient(limits), bucketName, "emulator");
  if (isForcedAnonymous) return access(await openClient(limits, true), bucketName, "nobody");
  const client = await openClient(limits);
  return (await hasCredentials(client))
    ? access(client, bucketName, "somebody")
    : access(await openClient(limits, true), bucketName, "nobody");

  function access(storage: Storage, name: string, who: "emulator" | "nobody" | "somebody") {
    return {
      bucket: storage.bucket(name),
      apiUrl: `${storage.baseUrl.replace(/\/$/, "")}/b/${name}`,
      isAnonymous: who === "nobody",
      async authorization() {
        if (who !== "somebody") return {};
        try {
          // Its own retries are of no harm here.
          return await storage.authClient.getRequestHeaders();
        } catch (error) {
          throw refused(error);
        }
      },
    };
  }
}

/**
 * Its own retries are off, ours are around every call. All its calls share one object that says
 * whether and how often to retry, and an upload without a precondition changes it for all of them.
 */
async function openClient(limits: GcsLimits, isAnonymous = false): Promise<Storage> {
  const { Storage } = await import("@google-cloud/storage");
  const timeout = limits.http.headersTimeoutMs;
  const storage = new Storage({
    timeout,
    retryOptions: { autoRetry: false },
    // An endpoint that is not written exactly as the client would is a custom one to it, and those
    // are spoken to without credentials.
    ...(isAnonymous ? { apiEndpoint: SERVICE } : {}),
  });
  // The beginning of an upload goes through another library, which `timeout` does not reach.
  const inTime = (options: object) => ({ ...options, timeout });
  storage.interceptors.push({ request: inTime as Interceptor["request"] });
  return storage;
}

async function hasCredentials(storage: Storage): Promise<boolean> {
  try {
    await storage.authClient.getClient();
    return true;
  } catch (error) {
    if (error instanceof Error && NO_CREDENTIALS.test(error.message)) return false;
    throw refused(error);
  }
}

/** An unavailable network may come back; whatever else is wrong with credentials will not. */
function refused(error: unknown): unknown {
  const known = gcsError(error, "sign in to Google Cloud");
  if (known !== error && !(known instanceof ConfigError)) return known;
  const found = error instanceof Error ? error.message : String(error);
  return new ConfigError(`cannot sign in to Google Cloud: ${found}`, {
    cause: error,
    hint: ACCESS_HINT,
  });
}
