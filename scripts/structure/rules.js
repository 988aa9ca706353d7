// Turns the table of architecture.js into rules of dependency-cruiser: one for each forbidden
// import.

/** A text that a regular expression takes as it stands. */
function literal(text) {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

function anyOf(texts) {
  return `(${texts.map(literal).join("|")})`;
}

function anyHome({ MAY_IMPORT }) {
  return anyOf(Object.keys(MAY_IMPORT));
}

function forbid(name, comment, from, to) {
  return { name, comment, severity: "error", from, to };
}

/** What the table of packages says, for each of them. */
function arrowRules(table) {
  const { MAY_IMPORT } = table;
  const homes = Object.keys(MAY_IMPORT);
  const homesOf = (names) => homes.filter((home) => names.includes(home.split("/").at(-1)));
  return Object.entries(MAY_IMPORT).map(([home, names]) =>
    forbid(
      `arrows of ${home}`,
      `${home} may not import this package`,
      { path: `^${literal(home)}/src/` },
      {
        path: `^${anyHome(table)}/`,
        pathNot: `^${anyOf([home, ...homesOf(names)])}/`,
      },
    ),
  );
}

/** A package is imported through its index alone, and its own files do not import that. */
function doorRules(table) {
  const from = { path: `^${anyHome(table)}/src/` };
  return [
    forbid("own walls", "reaches out of its package", from, {
      dependencyTypes: ["local"],
      pathNot: "^$1/(src/|package[.]json$)",
    }),
    forbid("by its index", "enters a package other than by its index", from, {
      couldNotResolve: true,
      path: "^(@forklift/|[.])",
    }),
    forbid("index is for outsiders", "imports its own index instead of the defining file", from, {
      dependencyTypes: ["local"],
      path: "^$1/src/index[.]ts$",
    }),
  ];
}

function keeperRules(table) {
  return Object.entries(table.KEPT_IN).map(([library, keeper]) =>
    forbid(
      `${library} is kept`,
      `only ${keeper} imports ${library}`,
      { path: `^${anyHome(table)}/src/`, pathNot: `^${literal(keeper)}/` },
      { path: `(^|node_modules/)${literal(library)}(/|$)` },
    ),
  );
}

/** `a > b | c` as lists: [["a"], ["b", "c"]]. */
export function floorsOf(text) {
  return text.split(" > ").map((floor) => floor.split(" | "));
}

/** The files of rooms that stand directly in a folder; `*` is every single file that no floor names. */
function filesOf(folder, names, floors) {
  const named = floors.flat().filter((name) => name !== "*");
  const rest = `(?!(?:${[...named, "index"].map(literal).join("|")})[.]ts$)[^/]+[.]ts$`;
  return names.map((name) =>
    name === "*"
      ? `^${literal(folder)}/${rest}`
      : `^${literal(folder)}/${literal(name)}(?:/|[.]ts$)`,
  );
}

function floorRules({ FLOORS }) {
  return Object.entries(FLOORS).flatMap(([folder, text]) => {
    const floors = floorsOf(text);
    return floors.flatMap((names, index) =>
      names.flatMap((name) => {
        const above = filesOf(folder, floors.slice(0, index).flat(), floors);
        const beside = filesOf(
          folder,
          names.filter((other) => other !== name),
          floors,
        );
        const from = { path: filesOf(folder, [name], floors) };
        const title = `${folder}: ${name}`;
        return [
          forbid(`${title}, up`, `runs up in ${folder}: ${text}`, from, { path: above }),
          forbid(`${title}, aside`, `imports its neighbour in ${folder}: ${text}`, from, {
            path: beside,
          }),
        ].filter(({ to }) => to.path.length > 0);
      }),
    );
  });
}

/**
 * @param {typeof import("../architecture.js").ARCHITECTURE} table
 * @returns {import("dependency-cruiser").IForbiddenRuleType[]}
 */
export function rulesOf(table) {
  return [...arrowRules(table), ...doorRules(table), ...keeperRules(table), ...floorRules(table)];
}
