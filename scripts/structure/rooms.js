// The rooms of a folder: the folders and the single files directly below it, and the arrows between them.
// An import between two files is an arrow between the rooms that hold them.

/** Every folder of a package that holds rooms, its `src` first. */
export function foldersBelow(src, files) {
  const folders = new Set([src]);
  for (const file of files) {
    const parts = file.split("/");
    for (let length = src.split("/").length; length < parts.length; length++) {
      folders.add(parts.slice(0, length).join("/"));
    }
  }
  return [...folders].filter((folder) => folder.startsWith(src)).sort();
}

/** The room of a folder that holds a file: a folder's name with a slash, or a file's. Null outside. */
function roomOf(folder, file) {
  if (!file.startsWith(`${folder}/`)) return null;
  const [name, ...rest] = file.slice(folder.length + 1).split("/");
  return rest.length > 0 ? `${name}/` : name;
}

/**
 * @typedef {Map<string, Map<string, import("./cruise.js").Import[]>>} Arrows From each room to each room
 *   that it imports, with the imports that make the arrow.
 */

/** @returns {Arrows} Of every room of the folder, also of one without an arrow. */
export function arrowsIn(folder, files, imports) {
  const arrows = new Map();
  for (const file of files) {
    const room = roomOf(folder, file);
    if (room !== null && !arrows.has(room)) arrows.set(room, new Map());
  }
  for (const one of imports) {
    const from = roomOf(folder, one.from);
    const to = roomOf(folder, one.to);
    if (from === null || to === null || from === to || !arrows.has(to)) continue;
    const targets = arrows.get(from);
    targets.set(to, [...(targets.get(to) ?? []), one]);
  }
  return arrows;
}

/** A graph without what its arrows are made of: each room with those that it imports. */
export function graphOf(arrows) {
  return new Map([...arrows].map(([room, targets]) => [room, [...targets.keys()]]));
}
