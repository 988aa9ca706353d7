// The figures of each package: rooms, floors and arrows of its `src`, and what runs up in it or below.

import { ARCHITECTURE } from "../architecture.js";
import { circlesOf, floorsOfRooms, runningUp } from "./graph.js";
import { arrowsIn, foldersBelow, graphOf } from "./rooms.js";

/**
 * @typedef {object} Structure Of one package.
 * @property {string} package
 * @property {number} rooms Directly below its `src`, as are floors and arrows.
 * @property {number} floors
 * @property {number} arrows
 * @property {Upward[]} runningUp In `src` and every folder below.
 * @property {{ folder: string, rooms: string[] }[]} circles Likewise.
 */

/**
 * @typedef {object} Upward An arrow that runs up.
 * @property {string} folder
 * @property {string} from
 * @property {string} to
 * @property {string[]} imports What makes it, `file -> file`.
 */

/** @returns {Structure[]} Of every package that has sources. */
export function measure({ files, imports }, table = ARCHITECTURE) {
  return Object.keys(table.MAY_IMPORT).flatMap((home) => {
    const src = `${home}/src`;
    const ours = files.filter((file) => file.startsWith(`${src}/`));
    return ours.length === 0 ? [] : [measurePackage(home, src, ours, imports)];
  });
}

function measurePackage(home, src, files, imports) {
  const graph = graphOf(arrowsIn(src, files, imports));
  const folders = foldersBelow(src, files).map((folder) => {
    const arrows = arrowsIn(folder, files, imports);
    return { folder, arrows, graph: graphOf(arrows) };
  });
  return {
    package: home,
    rooms: graph.size,
    floors: Math.max(...floorsOfRooms(graph).values()),
    arrows: [...graph.values()].flat().length,
    runningUp: folders.flatMap((one) =>
      runningUp(one.graph).map(([from, to]) => ({
        folder: one.folder,
        from,
        to,
        imports: one.arrows
          .get(from)
          .get(to)
          .map((it) => `${it.from} -> ${it.to}`),
      })),
    ),
    circles: folders.flatMap(({ folder, graph: below }) =>
      circlesOf(below).map((rooms) => ({ folder, rooms })),
    ),
  };
}
