// The drawing of the packages in ARCHITECTURE.md: the table of arrows as a mermaid graph, floor by floor
// from the top down. An arrow that a longer way stands for is left out, or nobody could read it.

import { MAY_IMPORT } from "../architecture.js";
import { floorsOfRooms, withoutDetours } from "./graph.js";

const BEGIN = "<!-- packages: drawn by `npm run structure -- --write` -->";
const END = "<!-- end of packages -->";

/** @param {Record<string, string[]>} table Folders, each with the packages that it may import. */
export function drawPackages(table = MAY_IMPORT) {
  const graph = new Map(
    Object.entries(table).map(([home, names]) => [home.split("/").at(-1), names]),
  );
  const floors = floorsOfRooms(graph);
  const drawn = withoutDetours(graph);
  const rows = [];
  for (let floor = Math.max(...floors.values()); floor > 0; floor--) {
    const names = [...graph.keys()].filter((name) => floors.get(name) === floor).sort();
    rows.push(`  %% floor ${floor}: ${names.join(", ")}`);
    for (const name of names) {
      const targets = drawn.get(name);
      rows.push(targets.length > 0 ? `  ${name} --> ${targets.join(" & ")}` : `  ${name}`);
    }
  }
  return ["```mermaid", "flowchart TD", ...rows, "```"].join("\n");
}

/**
 * The page with the drawing as the table says.
 * @throws Error when the page does not have the two marks between which the drawing stands.
 */
export function withDrawing(page) {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) {
    throw new Error(`the page needs the lines "${BEGIN}" and "${END}", in this order`);
  }
  return `${page.slice(0, begin + BEGIN.length)}\n\n${drawPackages()}\n\n${page.slice(end)}`;
}
