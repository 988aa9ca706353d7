// What an error of the operating system or of the JavaScript engine means for a run: something around us
// is to be changed, or the same command may succeed later. None of them is a fault of forklift.

import { ConfigError, type ErrorOptions, ForkliftError, TryAgainError } from "./errors.ts";

interface Meaning {
  /** Follows the code in brackets. */
  readonly what: string;
  readonly hint: string;
}

/** Somebody must change a path, an owner, a mode, a mount or a limit first. */
const LASTING: Readonly<Record<string, Meaning>> = {
  EACCES: { what: "permission denied", hint: "check the owner and the mode of the path" },
  EPERM: { what: "not permitted", hint: "check the owner and the mode of the path" },
  EROFS: {
    what: "the file system is mounted read-only",
    hint: "name a place that can be written, or mount it so",
  },
  ENOENT: {
    what: "it does not exist, or a folder of its path does not",
    hint: "check the path, or make the folder",
  },
  ENOTDIR: {
    what: "a part of the path is a file where a folder is expected",
    hint: "check the path",
  },
  EISDIR: { what: "it is a folder, expected a file", hint: "give the path of a file" },
  EEXIST: {
    what: "there is a file of that name already",
    hint: "name another place, or remove what is there",
  },
  ENOTEMPTY: { what: "the folder is not empty", hint: "see what is in it, and name another" },
  ELOOP: { what: "symbolic links lead in a circle", hint: "check the links of the path" },
  ENAMETOOLONG: { what: "the name is too long", hint: "use a shorter path" },
  EINVAL: { what: "the file system refuses that", hint: "check the path and how it is mounted" },
  ENOTSUP: { what: "the file system cannot do that", hint: "use a place on another file system" },
  EXDEV: { what: "the path crosses file systems", hint: "use a place on one file system" },
  EFBIG: { what: "the file would be too large", hint: "raise ulimit -f, or use another place" },
  EMFILE: {
    what: "this process may open no more files",
    hint: "raise the limit of open files: ulimit -n 1024",
  },
  ENXIO: { what: "nothing is at the other end", hint: "check the path" },
  ENODEV: { what: "there is no such device", hint: "check the path" },
};

/** Space, disks, processes and connections may be back by the next attempt. */
const PASSING: Readonly<Record<string, Meaning>> = {
  ENOSPC: {
    what: "no space is left",
    hint: "make room on that disk, then run the same command again",
  },
  EDQUOT: {
    what: "the quota is used up",
    hint: "make room or raise it, then run the same command again",
  },
  EIO: { what: "the disk failed", hint: "check the disk, then run the same command again" },
  EBUSY: { what: "it is in use", hint: "run the same command again when it is not" },
  ETXTBSY: { what: "it is in use", hint: "run the same command again when it is not" },
  ESTALE: { what: "the mount went away", hint: "check the mount, then run the same command again" },
  ENFILE: {
    what: "the machine may open no more files",
    hint: "end what holds them, then run the same command again",
  },
  EAGAIN: {
    what: "the machine has no process or memory to spare",
    hint: "check its limits (ulimit -u) and its load, then run the same command again",
  },
  ENOMEM: {
    what: "no memory is left",
    hint: "give the machine or the container more memory, then run the same command again",
  },
  ...Object.fromEntries(
    ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"].map(
      (code) => [
        code,
        {
          what: "the connection failed",
          hint: "check the network, then run the same command again",
        },
      ],
    ),
  ),
};

/** Node's names of system calls, in words; any other is named as it is. */
const DOINGS: Readonly<Record<string, string>> = {
  access: "reach",
  lstat: "look at",
  mkdir: "make the folder",
  mkdtemp: "make a folder at",
  opendir: "list",
  rmdir: "remove",
  scandir: "list",
  stat: "look at",
  unlink: "remove",
  utime: "touch",
};

/** What the engine says when it cannot have the memory for something. */
const NO_MEMORY_CODES = [
  "ERR_WORKER_OUT_OF_MEMORY",
  "ERR_OUT_OF_MEMORY",
  "ERR_MEMORY_ALLOCATION_FAILED",
];
const NO_MEMORY_TEXT =
  /allocation failed|out of memory|^Invalid (typed )?array length|^Invalid string length/i;

/** The engine's error when a thread cannot be started; the code of the cause ends its message. */
const NO_THREAD_CODE = "ERR_WORKER_INIT_FAILED";

/** One for each error, however often it is asked about: details are added to it. */
const typed = new WeakMap<Error, ForkliftError>();

/** The typed error for one that the machine raised; any other error as it is. */
export function machineError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ForkliftError) return error;
  const known = typed.get(error) ?? translated(error);
  if (known === null) return error;
  typed.set(error, known);
  return known;
}

/**
 * The error of a code such as ENOENT; null for a code without a meaning here.
 * @param doing reads "write /some/file".
 */
export function errorOfCode(code: string, doing: string, cause: unknown): ForkliftError | null {
  const lasting = LASTING[code];
  const meaning = lasting ?? PASSING[code];
  if (meaning === undefined) return null;
  const options: ErrorOptions = { cause, hint: meaning.hint };
  const message = `cannot ${doing}: ${code} (${meaning.what})`;
  return lasting === undefined
    ? new TryAgainError(message, options)
    : new ConfigError(message, options);
}

function translated(error: Error & { readonly code?: unknown }): ForkliftError | null {
  const { code } = error;
  const isNoMemory =
    NO_MEMORY_CODES.includes(String(code)) ||
    (error instanceof RangeError && NO_MEMORY_TEXT.test(error.message));
  if (isNoMemory) {
    return new ConfigError(`no memory is left: ${error.message}`, {
      cause: error,
      hint: "give the process more memory: the container's limit, ulimit -v, or --max-old-space-size in NODE_OPTIONS",
    });
  }
  if (code === NO_THREAD_CODE) {
    const [cause = "EAGAIN"] = /\bE[A-Z]+$/.exec(error.message) ?? [];
    return errorOfCode(cause, "start a thread", error);
  }
  // Only errors of system calls: a library may use such a code for something of its own.
  if (typeof code !== "string" || !("syscall" in error)) return null;
  return errorOfCode(code, doingOf(error), error);
}

function doingOf(error: object): string {
  const { syscall, path, dest } = error as {
    readonly syscall?: unknown;
    readonly path?: unknown;
    readonly dest?: unknown;
  };
  const call = String(syscall);
  if (call.startsWith("spawn")) return `start ${call.slice("spawn".length).trim() || String(path)}`;
  const place = typeof dest === "string" ? ` ${String(path)} to ${dest}` : ` ${String(path)}`;
  return `${DOINGS[call] ?? call}${path === undefined ? "" : place}`;
}
