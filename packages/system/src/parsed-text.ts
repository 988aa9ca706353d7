// Schema rules made from our parsers: what the parser accepts is valid, and its error is the
// schema's issue, with the same sentence.

import { FormatError } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { z } from "zod";

/** What the parser makes of a text. */
export function parsedText<Value>(parse: (text: string) => Value) {
  return parsedBy(z.string(), parse);
}

/** What the parser makes of any value. */
export function parsedValue<Value>(parse: (value: unknown) => Value) {
  return parsedBy(z.unknown(), parse);
}

/** The text as it is, once the parser has taken it. */
export function checkedText(parse: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    const message = refusalOf(() => parse(text));
    if (message !== null) context.addIssue({ code: "custom", message });
  });
}

function parsedBy<Input, Value>(schema: z.ZodType<Input, Input>, parse: (input: Input) => Value) {
  return schema.transform((input, context) => {
    let value: Value | undefined;
    const message = refusalOf(() => {
      value = parse(input);
    });
    if (message === null) return value as Value;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** What the parser said against it; null when it took it. */
function refusalOf(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    if (error instanceof FormatError || error instanceof ConfigError) return error.message;
    throw error;
  }
}
