// Turns the bytes of a module into functions and memory that can be used at once.

/** What we use of the global object; its full types would bring those of a browser with them. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

/** The caller knows what the module exports. Compiling is synchronous: for modules of our own. */
export function instantiate<Exports extends object>(bytes: Uint8Array<ArrayBuffer>): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}
