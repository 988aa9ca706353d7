// Every room of a folder with floors has one, every floor's room exists, and no rooms stand in a circle.
// That an import only goes down is dependency-cruiser's part (rules.js).

import { ARCHITECTURE } from "../architecture.js";
import { measure } from "./measure.js";
import { arrowsIn, foldersBelow } from "./rooms.js";
import { floorsOf } from "./rules.js";

/** @param {{ files: string[], imports: import("./cruise.js").Import[] }} seen */
export function problemsOfFloors(seen, table = ARCHITECTURE) {
  const folders = Object.keys(table.MAY_IMPORT).flatMap((home) =>
    foldersBelow(`${home}/src`, seen.files),
  );
  return [
    ...Object.keys(table.FLOORS)
      .filter((folder) => !folders.includes(folder))
      .map((folder) => `${folder}: FLOORS names this folder, which is not there`),
    ...folders.flatMap((folder) => problemsOfFolder(folder, table.FLOORS[folder], seen)),
    ...measure(seen, table)
      .flatMap(({ circles }) => circles)
      .map(({ folder, rooms }) => `${folder}: ${rooms.join(", ")} stand in a circle`),
  ];
}

function problemsOfFolder(folder, text, { files, imports }) {
  const rooms = [...arrowsIn(folder, files, imports).keys()].filter((room) => room !== "index.ts");
  if (text === undefined) {
    const hasFolders = rooms.some((room) => room.endsWith("/"));
    return hasFolders ? [`${folder}: holds folders, and FLOORS does not name it`] : [];
  }
  const named = floorsOf(text).flat();
  const nameOf = (room) => room.replace(/(\/|[.]ts)$/, "");
  return [
    ...rooms
      .filter((room) => !named.includes(nameOf(room)))
      .filter((room) => room.endsWith("/") || !named.includes("*"))
      .map((room) => `${folder}/${room}: has no floor in ${text}`),
    ...named
      .filter((name) => name !== "*" && !rooms.some((room) => nameOf(room) === name))
      .map((name) => `${folder}: FLOORS names ${name}, which is not there`),
  ];
}
