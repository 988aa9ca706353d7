// Rows on disk, one file a table, in the text form of COPY: a chain of any length is dumped from
// there, every night anew, and is never held in memory.

import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";

/** What a column may hold here. Text columns of the sample have nothing that COPY would escape. */
export type Value = string | bigint | number | null;

/** Takes rows of the archive, their values in the order of the columns. */
export interface RowSink {
  append(table: string, row: readonly Value[]): void;
}

/** Characters gathered before they are written. */
const BUFFER_CHARACTERS = 256 * 1024;

export class RowBuffer implements RowSink, AsyncDisposable {
  readonly #folder: string;
  readonly #handles = new Map<string, FileHandle>();
  readonly #buffers = new Map<string, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(folder: string, tables: readonly string[]): Promise<RowBuffer> {
    await mkdir(folder);
    const buffer = new RowBuffer(folder);
    for (const table of tables) {
      buffer.#handles.set(table, await open(buffer.#pathOf(table), "w"));
      buffer.#buffers.set(table, "");
    }
    return buffer;
  }

  append(table: string, row: readonly Value[]): void {
    const line = row.map((value) => value ?? "\\N").join("\t");
    this.#buffers.set(table, `${this.#buffers.get(table)}${line}\n`);
  }

  /** To be called now and then: between two calls rows are kept in memory. */
  async settle(): Promise<void> {
    for (const [table, text] of this.#buffers) {
      if (text.length >= BUFFER_CHARACTERS) await this.#write(table, text);
    }
  }

  /** Every row that was appended until now, as lines without their ends. */
  async *lines(table: string): AsyncGenerator<string> {
    await this.#write(table, this.#buffers.get(table)!);
    const input = createReadStream(this.#pathOf(table), { encoding: "utf8" });
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const handle of this.#handles.values()) await handle.close();
  }

  async #write(table: string, text: string): Promise<void> {
    this.#buffers.set(table, "");
    if (text !== "") await this.#handles.get(table)!.writeFile(text);
  }

  #pathOf(table: string): string {
    return path.join(this.#folder, `${table}.copy`);
  }
}
