import { describe, expect, test } from "vitest";
import { FormatError } from "../src/format-error.ts";
import { JSON_DEPTH_MAX, parseJson } from "../src/parse-json.ts";

const nested = (depth: number, open: string, close: string) =>
  open.repeat(depth) + close.repeat(depth);

describe("JSON that somebody else wrote", () => {
  test.each([
    ["lists", nested(JSON_DEPTH_MAX, "[", "]")],
    ["brackets in a text", JSON.stringify("[{".repeat(1_000))],
    ["a text with quotation marks", JSON.stringify(`"${"[".repeat(1_000)}\\"\\\\`)],
    ["brackets in a key", JSON.stringify({ ["[".repeat(1_000)]: "]" })],
    ["many that are closed again", `[${"[[]],".repeat(1_000)}[]]`],
    ["a lone surrogate", '"\\ud800"'],
  ])("is read with %s", (_name, text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test("is read behind a byte order mark", () => {
    expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 });
  });

  test.each([
    ["a level too many", nested(JSON_DEPTH_MAX + 1, "[", "]")],
    ["lists without end", "[".repeat(20_000_000)],
    ["objects without end", '{"a":'.repeat(1_000_000)],
    ["lists behind a text", `["\\\\",${"[".repeat(1_000)}`],
    ["lists and objects by turns", nested(1_000, '[{"":', "}]")],
  ])("is refused with %s before anything is made of it", (_name, text) => {
    expect(() => parseJson(text)).toThrow(FormatError);
    expect(() => parseJson(text)).toThrow("nested deeper than 100 levels");
  });

  test.each(["", "{", '{"a":', "[1,]", '"', "\\", "]]]]"])("%j is no JSON", (text) => {
    expect(() => parseJson(text)).toThrow(FormatError);
    expect(() => parseJson(text)).toThrow(/^not JSON: /);
  });
});
