// Algorithms on a graph of rooms (modules): its cycles, its floors (layers), and arrows that run
// up.

/** @typedef {Map<string, string[]>} Graph Each room with the rooms that it imports. */

/** The rooms that reach each other both ways, as groups of two and more. */
export function circlesOf(/** @type {Graph} */ graph) {
  const reachable = new Map([...graph.keys()].map((room) => [room, reachFrom(graph, room)]));
  const circles = [];
  const seen = new Set();
  for (const room of graph.keys()) {
    if (seen.has(room) || !reachable.get(room).has(room)) continue;
    const circle = [...graph.keys()].filter(
      (other) => reachable.get(room).has(other) && reachable.get(other).has(room),
    );
    for (const member of circle) seen.add(member);
    circles.push(circle);
  }
  return circles;
}

function reachFrom(graph, start) {
  const reached = new Set();
  const open = [...graph.get(start)];
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    if (reached.has(room)) continue;
    reached.add(room);
    open.push(...graph.get(room));
  }
  return reached;
}

/**
 * The arrows without which no circle is left, as few as the search finds: the rooms of a circle are put
 * in a row, and each is moved to where the fewest arrows run up until no move helps.
 * @returns {[from: string, to: string][]} Empty exactly when there is no circle.
 */
export function runningUp(/** @type {Graph} */ graph) {
  return circlesOf(graph).flatMap((circle) => {
    const targets = new Map(
      circle.map((room) => [room, new Set(graph.get(room).filter((to) => circle.includes(to)))]),
    );
    const row = settle(circle, targets);
    return row.flatMap((from, place) =>
      row.slice(place + 1).flatMap((to) => (targets.get(from).has(to) ? [[from, to]] : [])),
    );
  });
}

/** Rooms from the ground up: the best of the rows that a walk from each room begins. */
function settle(circle, targets) {
  const rows = circle.map((start) => improve(rowFrom(start, targets), targets));
  return rows.reduce((best, row) => (countUp(row, targets) < countUp(best, targets) ? row : best));
}

/** Each room after all that it imports, as a walk that starts at one of them comes by. */
function rowFrom(start, targets) {
  const row = new Set();
  const entered = new Set();
  const enter = (room) => {
    if (entered.has(room)) return;
    entered.add(room);
    for (const to of targets.get(room)) enter(to);
    row.add(room);
  };
  enter(start);
  return [...row];
}

function improve(start, targets) {
  let row = start;
  for (let fewest = Number.POSITIVE_INFINITY; countUp(row, targets) < fewest; ) {
    fewest = countUp(row, targets);
    for (const room of start) row = withRoomAtItsBest(row, room, targets);
  }
  return row;
}

function withRoomAtItsBest(row, room, targets) {
  const others = row.filter((other) => other !== room);
  const rows = row.map((_, place) => others.toSpliced(place, 0, room));
  return rows.reduce(
    (best, next) => (countUp(next, targets) < countUp(best, targets) ? next : best),
    row,
  );
}

function countUp(row, targets) {
  const below = new Set();
  let count = 0;
  for (const room of row) {
    below.add(room);
    for (const to of targets.get(room)) if (!below.has(to)) count++;
  }
  return count;
}

/** Each room's floor, counted from 1: above all that it imports, arrows that run up left out. */
export function floorsOfRooms(/** @type {Graph} */ graph) {
  const up = new Set(runningUp(graph).map(([from, to]) => `${from} ${to}`));
  const floors = new Map();
  const floorOf = (room) => {
    if (!floors.has(room)) {
      const below = graph.get(room).filter((to) => !up.has(`${room} ${to}`));
      floors.set(room, 1 + Math.max(0, ...below.map(floorOf)));
    }
    return floors.get(room);
  };
  for (const room of graph.keys()) floorOf(room);
  return floors;
}

/** The graph without each arrow that a longer way stands for. Only of a graph without circles. */
export function withoutDetours(/** @type {Graph} */ graph) {
  return new Map(
    [...graph].map(([room, targets]) => [
      room,
      targets.filter(
        (to) => !targets.some((other) => other !== to && reachFrom(graph, other).has(to)),
      ),
    ]),
  );
}
