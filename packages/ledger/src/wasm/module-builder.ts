// Assembles functions into a WebAssembly module, in the binary format of the core specification.

import { type Code, END, i32, type Local, unsignedLeb128, type ValueType } from "./instructions.ts";

const VALUE_TYPE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

const FUNCTION_TYPE = 0x60;

/** "\0asm" and version 1. */
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const SECTION = { type: 1, function: 3, memory: 5, export: 7, code: 10, data: 11 } as const;

const EXPORT_KIND = { function: 0, memory: 2 } as const;

/** Makes a local variable of the function that is being written. */
export type NewLocal = (type: ValueType) => Local;

interface FunctionEntry {
  readonly parameterTypes: readonly ValueType[];
  readonly localTypes: readonly ValueType[];
  readonly body: Code;
}

/** A module of one memory, exported as "memory", and of functions without results. */
export class ModuleBuilder {
  readonly #memoryPages: number;
  readonly #functions: FunctionEntry[] = [];
  readonly #exports: Code[] = [exportEntry("memory", EXPORT_KIND.memory, 0)];
  readonly #data: Code[] = [];

  constructor(memoryPages: number) {
    this.#memoryPages = memoryPages;
  }

  /** Adds a function and gives the index to call it by. */
  add(
    parameterTypes: readonly ValueType[],
    write: (newLocal: NewLocal, ...parameters: Local[]) => Code,
  ): number {
    const localTypes: ValueType[] = [];
    const newLocal: NewLocal = (type) => {
      localTypes.push(type);
      return { index: parameterTypes.length + localTypes.length - 1 };
    };
    const body = write(newLocal, ...parameterTypes.map((_, index) => ({ index })));
    this.#functions.push({ parameterTypes, localTypes, body });
    return this.#functions.length - 1;
  }

  export(name: string, functionIndex: number): void {
    this.#exports.push(exportEntry(name, EXPORT_KIND.function, functionIndex));
  }

  /** Fills the memory at that address when the module is instantiated. */
  data(address: number, bytes: Uint8Array): void {
    const inMemory0 = 0;
    this.#data.push([inMemory0, i32.constant(address), END, lengthPrefixed([...bytes])]);
  }

  assemble(): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    const types = functions.map(({ parameterTypes }) => [
      FUNCTION_TYPE,
      vector(parameterTypes.map((type) => VALUE_TYPE[type])),
      vector([]),
    ]);
    const codes = functions.map(({ localTypes, body }) =>
      lengthPrefixed([vector(localTypes.map((type) => [1, VALUE_TYPE[type]])), body, END]),
    );
    return Uint8Array.from(
      flatten([
        PREAMBLE,
        section(SECTION.type, types),
        // Each function has the type of its own index: repeated types are allowed.
        section(
          SECTION.function,
          functions.map((_, index) => unsignedLeb128(index)),
        ),
        section(SECTION.memory, [[0, unsignedLeb128(this.#memoryPages)]]),
        section(SECTION.export, this.#exports),
        section(SECTION.code, codes),
        section(SECTION.data, this.#data),
      ]),
    );
  }
}

function exportEntry(name: string, exportKind: number, index: number): Code {
  return [lengthPrefixed([...Buffer.from(name)]), exportKind, unsignedLeb128(index)];
}

function section(id: number, entries: readonly Code[]): Code {
  return [id, lengthPrefixed(vector(entries))];
}

function vector(entries: readonly Code[]): readonly Code[] {
  return [unsignedLeb128(entries.length), entries];
}

function lengthPrefixed(code: readonly Code[]): Code {
  const bytes = flatten(code);
  return [unsignedLeb128(bytes.length), bytes];
}

function flatten(code: readonly Code[], bytes: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === "number") bytes.push(part);
    else flatten(part, bytes);
  }
  return bytes;
}
