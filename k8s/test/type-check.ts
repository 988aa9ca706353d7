// Checks plain data against the types of a library with the compiler: it knows unknown fields, wrong
// types and values out of a closed set.

import path from "node:path";
import ts from "typescript";
import type { Resource } from "./render-kustomization.ts";

export interface Typed {
  /** A type that the module exports. */
  readonly type: string;
  readonly module: string;
  readonly value: unknown;
}

/** `batch/v1` and `CronJob` → `ICronJob` of `kubernetes-models/batch/v1`. */
export function typedResource(resource: Resource): Typed {
  const { apiVersion, kind } = resource;
  return { type: `I${kind}`, module: `kubernetes-models/${apiVersion}`, value: resource };
}

/** The compiler's complaints about each value; none when all is well. One compilation for all. */
export function typeErrors(values: readonly Typed[]): string[][] {
  const parts = values.map(
    ({ type, module, value }, index) =>
      `import type { ${type} as T${index} } from "${module}";\n` +
      `export const value${index}: T${index} = ${JSON.stringify(value, null, 2)};\n`,
  );
  const errors: string[][] = values.map(() => []);
  for (const { start = 0, messageText } of compile(parts.join(""))) {
    let end = 0;
    const index = parts.findIndex((part) => {
      end += part.length;
      return start < end;
    });
    errors[index]!.push(ts.flattenDiagnosticMessageText(messageText, " "));
  }
  return errors;
}

function compile(text: string): readonly ts.Diagnostic[] {
  // Beside this file, for the sake of `node_modules`; it is never written.
  const file = path.join(import.meta.dirname, "checked-values.ts");
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023)
      : getSourceFile(name, ...rest);
  return ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
}
