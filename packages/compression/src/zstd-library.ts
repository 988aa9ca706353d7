// The zstd library itself as WebAssembly, for a Node without it. Of the package that brings it only the
// library is used: its own loop waits for no input, and takes an error for more output to come.
//
// The alternative in plain JavaScript, fzstd, passes over checksums, moves the whole window for each block,
// and some frames of two dozen bytes never end in it.

import assert from "node:assert/strict";

/** Numbers are addresses in `memory`, of which one goes stale when it grows. */
export interface ZstdLibrary {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** 0 when there is no memory. */
  malloc(bytes: number): number;
  free(place: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  /** An error, or 0 at the end of a frame, or how much more would be welcome. */
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/** The package hands its instance to the first who asks: copies of this module in one process share it. */
const LOADING = Symbol.for("forklift zstd library");
const shared = globalThis as { [LOADING]?: Promise<ZstdLibrary> };

/** Loaded when it is first needed, which on a newer Node it never is. */
export function loadZstdLibrary(): Promise<ZstdLibrary> {
  shared[LOADING] ??= load();
  return shared[LOADING];
}

async function load(): Promise<ZstdLibrary> {
  const { ZSTDDecoder } = await import("zstddec/stream");
  let library: ZstdLibrary | undefined;
  class Loader extends ZSTDDecoder {
    override _init(loaded: Parameters<InstanceType<typeof ZSTDDecoder>["_init"]>[0]): void {
      super._init(loaded);
      const { instance } = loaded as { readonly instance: { readonly exports: unknown } };
      library = instance.exports as ZstdLibrary;
    }
  }
  await new Loader().init();
  assert(library !== undefined, "another program has loaded the zstd library");
  return library;
}
