// The file of a mending script: under a temporary name until it is whole, and in the place of no other file.

import { randomBytes } from "node:crypto";
import { type FileHandle, link, open, rm } from "node:fs/promises";
import { UsageError } from "@forklift/pipeline";
import { errorCode, fileError } from "@forklift/system";

export class ScriptFile implements AsyncDisposable {
  readonly #path: string;
  readonly #unfinished: string;
  readonly #file: FileHandle;

  private constructor(path: string, unfinished: string, file: FileHandle) {
    this.#path = path;
    this.#unfinished = unfinished;
    this.#file = file;
  }

  /** @throws UsageError where there is a file already. */
  static async create(path: string): Promise<ScriptFile> {
    const there = await open(path, "r").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return null;
      throw fileError(error, `look for ${path}`);
    });
    await there?.close();
    if (there !== null) throw isThere(path);
    const unfinished = `${path}.unfinished-${randomBytes(4).toString("hex")}`;
    try {
      return new ScriptFile(path, unfinished, await open(unfinished, "wx", 0o600));
    } catch (error) {
      throw fileError(error, `write ${unfinished}`);
    }
  }

  async write(text: string): Promise<void> {
    try {
      await this.#file.write(text);
    } catch (error) {
      throw fileError(error, `write ${this.#unfinished}`);
    }
  }

  /** @throws UsageError where a file of that name has come meanwhile. */
  async finish(): Promise<void> {
    try {
      await this.#file.sync();
      await link(this.#unfinished, this.#path);
    } catch (error) {
      if (errorCode(error) === "EEXIST") throw isThere(this.#path);
      throw fileError(error, `write ${this.#path}`);
    }
  }

  /** What is not finished goes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.#unfinished, { force: true });
  }
}

function isThere(path: string): UsageError {
  return new UsageError(`${path} is there already, and is not overwritten`, {
    hint: "name another file, or remove that one",
  });
}
