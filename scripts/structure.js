// `npm run structure` prints the figures of the packages, one a line, and the imports that run up.
// `--json` prints one document, `--write` renews the drawing in ARCHITECTURE.md, `--root DIR` looks at
// another tree. Exit 1 when an import runs up.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { cruise } from "./structure/cruise.js";
import { withDrawing } from "./structure/drawing.js";
import { measure } from "./structure/measure.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    root: { type: "string", default: path.dirname(import.meta.dirname) },
  },
});

if (values.write) {
  const page = path.join(values.root, "ARCHITECTURE.md");
  writeFileSync(page, withDrawing(readFileSync(page, "utf8")));
}
const structures = measure(await cruise(path.resolve(values.root)));
if (values.json) {
  console.log(JSON.stringify(structures, null, 2));
} else {
  console.log(tableOf(structures));
  for (const line of structures.flatMap(explain)) console.log(line);
}
process.exitCode = structures.some(({ runningUp }) => runningUp.length > 0) ? 1 : 0;

function tableOf(structures) {
  const head = ["package", "rooms", "floors", "arrows", "running up", "circles"];
  const rows = structures.map((it) => [
    it.package,
    it.rooms,
    it.floors,
    it.arrows,
    it.runningUp.length,
    it.circles.length,
  ]);
  const table = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map(([name, ...figures]) =>
      [
        name.padEnd(widths[0]),
        ...figures.map((it, column) => it.padStart(widths[column + 1])),
      ].join("  "),
    )
    .join("\n");
}

function explain({ circles, runningUp }) {
  return [
    ...circles.map(({ folder, rooms }) => `\ncircle in ${folder}: ${rooms.join(", ")}`),
    ...runningUp.flatMap(({ folder, from, to, imports }) => [
      `\nup in ${folder}: ${from} -> ${to}`,
      ...imports.map((it) => `  ${it}`),
    ]),
  ];
}
