// Tests of the structure: modules, layers, cycles, upward imports, and the drawing in
// ARCHITECTURE.md.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { PlantedHouse } from "./planted-house.ts";
import { drawPackages, withDrawing } from "./structure/drawing.js";
import { circlesOf, floorsOfRooms, runningUp, withoutDetours } from "./structure/graph.js";
import { arrowsIn, foldersBelow, graphOf } from "./structure/rooms.js";

const run = promisify(execFile);
const ROOT = path.dirname(import.meta.dirname);

/** `a>b b>c` as a graph. */
function graph(text: string) {
  const rooms = new Map<string, string[]>();
  for (const arrow of text.split(" ")) {
    const [from, to] = arrow.split(">") as [string, string];
    rooms.set(from, [...(rooms.get(from) ?? []), to]);
    if (!rooms.has(to)) rooms.set(to, []);
  }
  return rooms;
}

describe("rooms", () => {
  const files = ["p/src/main.ts", "p/src/run/job.ts", "p/src/run/steps/first.ts"];

  test("are the folders and the single files directly below a folder, at every depth", () => {
    expect(foldersBelow("p/src", files)).toEqual(["p/src", "p/src/run", "p/src/run/steps"]);
    expect([...arrowsIn("p/src", files, []).keys()]).toEqual(["main.ts", "run/"]);
    expect([...arrowsIn("p/src/run", files, []).keys()]).toEqual(["job.ts", "steps/"]);
  });

  test("are tied by the imports of what is in them, and not by those within one", () => {
    const imports = [
      { from: "p/src/main.ts", to: "p/src/run/steps/first.ts", specifier: "" },
      { from: "p/src/run/job.ts", to: "p/src/run/steps/first.ts", specifier: "" },
      { from: "p/src/run/job.ts", to: "node_modules/pg/index.js", specifier: "pg" },
    ];
    expect(graphOf(arrowsIn("p/src", files, imports))).toEqual(graph("main.ts>run/"));
    expect(graphOf(arrowsIn("p/src/run", files, imports))).toEqual(graph("job.ts>steps/"));
  });
});

describe("a graph", () => {
  test("without a circle has nothing that runs up, and a floor above all that is imported", () => {
    const house = graph("roof>hall roof>cellar hall>cellar shed>cellar");
    expect(circlesOf(house)).toEqual([]);
    expect(runningUp(house)).toEqual([]);
    expect(Object.fromEntries(floorsOfRooms(house))).toEqual({
      roof: 3,
      hall: 2,
      cellar: 1,
      shed: 2,
    });
  });

  test("with circles names each by its rooms, and the arrows without which none is left", () => {
    const house = graph("a>b b>c c>a a>c d>a d>e e>d f>a");
    expect(circlesOf(house).map((circle) => circle.sort())).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
    const up = runningUp(house);
    expect(up[0]).toEqual(["c", "a"]);
    expect(up).toHaveLength(2);
  });

  test("leaves out what a longer way stands for", () => {
    expect(withoutDetours(graph("a>b b>c a>c a>d c>d"))).toEqual(graph("a>b b>c c>d"));
  });
});

describe("npm run structure", () => {
  const structure = (...args: string[]) =>
    run(process.execPath, [path.join(ROOT, "scripts/structure.js"), ...args]);

  test("prints a line for each package and ends with 0 where nothing runs up", async () => {
    using house = new PlantedHouse();
    const { stdout } = await structure("--root", house.root);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ["package", "rooms", "floors", "arrows", "running up", "circles"],
      ["packages/chain", "3", "2", "1", "0", "0"],
      ["packages/ledger", "6", "5", "6", "0", "0"],
      ["jobs", "2", "2", "1", "0", "0"],
    ]);
  });

  test("ends with 1 and names the imports that run up", async () => {
    using house = new PlantedHouse();
    house.plant("packages/ledger/src/digits.ts", 'import "./tree/hash.ts";');
    const failed = await structure("--root", house.root, "--json").catch((error) => error);
    expect(failed.code).toBe(1);
    const ledger = JSON.parse(failed.stdout)[1];
    expect(ledger.circles).toEqual([
      { folder: "packages/ledger/src", rooms: expect.arrayContaining(["tree/", "digits.ts"]) },
    ]);
    expect(ledger.runningUp).toHaveLength(1);
  });
});

describe("the drawing of the packages", () => {
  test("in ARCHITECTURE.md is what the table says", () => {
    const page = readFileSync(path.join(ROOT, "ARCHITECTURE.md"), "utf8");
    expect(withDrawing(page)).toBe(page);
  });

  test("has the packages by floor, and no arrow that a longer way stands for", () => {
    const table = {
      "packages/chain": [],
      "apps/replayer": ["chain", "ledger"],
      "packages/ledger": ["chain"],
    };
    expect(drawPackages(table).split("\n")).toEqual([
      "```mermaid",
      "flowchart TD",
      "  %% floor 3: replayer",
      "  replayer --> ledger",
      "  %% floor 2: ledger",
      "  ledger --> chain",
      "  %% floor 1: chain",
      "  chain",
      "```",
    ]);
  });

  test("is refused to a page without its place", () => {
    expect(() => withDrawing("# Architecture")).toThrow("end of packages");
  });
});
