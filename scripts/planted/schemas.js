/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "indexes and foreign keys are apart from the keys",
    "index",
    'read("indexes.sql")',
    'read("keys.sql")',
    "manifest",
  ],
  [
    "a manifest has the tables of its era",
    "index",
    "JSON.parse(manifest) as Catalog",
    "{ ...(JSON.parse(manifest) as Catalog), tables: {} }",
    "manifest",
  ],
];
