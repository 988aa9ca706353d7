// Decides, in the one pass over a zstd archive, how each of its block files will be read later.
//
// A frame can be unpacked by itself, from its beginning only. Where frames are small, as pzstd and
// the seekable format write them, files are taken from them in place. `zstd` and `tar --zstd` write
// one frame however long, and an access point in it would have to keep its window, megabytes where
// gzip's takes 32 KiB, and the state of the decoder: files of such a frame are packed one by one
// into a store.

import type { ScratchFile, Slice } from "../files/scratch-file.ts";
import type { BundleIndex } from "./bundle-index.ts";
import { MemberStore } from "./member-store.ts";
import type { TarMember } from "./tar-members.ts";

/** Frames that are smaller are taken together. */
const SPAN_BYTES = 2 * 1024 * 1024;

/**
 * What is unpacked at once, hence held in memory, to read a block; in an order that is not the archive's
 * it is unpacked for every block. pzstd's frames have 8 MiB.
 */
export const FRAME_SPAN_BYTES_MAX = 16 * 1024 * 1024;

export interface ZstdPassOptions {
  /** Takes the block files that cannot be read in place. */
  readonly scratch: ScratchFile;
  /** Whether the archive can be read from again; else all of its files are kept. */
  readonly isReadInPlace: boolean;
}

export class ZstdPass {
  readonly #index: BundleIndex;
  readonly #store: MemberStore;
  readonly #spanBytesMax: number;
  /** Unpacked bytes gone by. */
  #position = 0;
  /** Members that reach into the last span, while it is small: at most what a span may have, and a file. */
  #open: TarMember[] = [];

  constructor(index: BundleIndex, { scratch, isReadInPlace }: ZstdPassOptions) {
    this.#index = index;
    this.#store = new MemberStore(index, scratch);
    this.#spanBytesMax = isReadInPlace ? FRAME_SPAN_BYTES_MAX : 0;
  }

  /** A frame begins at that byte of the file. */
  frame(offset: number): void {
    const { pointCount } = this.#index;
    const from = pointCount === 0 ? -SPAN_BYTES : this.#index.point(pointCount - 1).unpacked;
    if (this.#position - from < SPAN_BYTES) return;
    this.#settleInPlace();
    this.#index.addPoint({ bit: 8 * offset, unpacked: this.#position, window: null });
  }

  async unpacked(chunk: Uint8Array): Promise<void> {
    this.#position += chunk.byteLength;
    if (this.#open.length === 0 || !this.#isLarge(this.#index.pointCount - 1)) return;
    for (const member of this.#open.splice(0)) await this.#store.keep(member);
  }

  async member(member: TarMember): Promise<void> {
    const { offset, bytes } = member;
    const first = this.#index.pointBefore(offset);
    const last = this.#index.pointBefore(offset + Math.max(bytes, 1) - 1);
    for (let span = first; span <= last; span++) {
      if (this.#isLarge(span)) return await this.#store.keep(member);
    }
    if (last === this.#index.pointCount - 1) this.#open.push(member);
    else this.#addInPlace(member);
  }

  async end(): Promise<void> {
    this.#settleInPlace();
    await this.#store.end();
  }

  #isLarge(span: number): boolean {
    const { pointCount } = this.#index;
    const end = span + 1 < pointCount ? this.#index.point(span + 1).unpacked : this.#position;
    return end - this.#index.point(span).unpacked > this.#spanBytesMax;
  }

  #settleInPlace(): void {
    for (const member of this.#open.splice(0)) this.#addInPlace(member);
  }

  #addInPlace({ name, offset, bytes }: { readonly name: string } & Slice): void {
    this.#index.addMember(name, { offset, bytes });
  }
}
