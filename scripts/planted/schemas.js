/** @type {import("./planted-error.js").PlantedError[]} */
export default [
  [
    "indexes and foreign keys are apart from the keys",
    "read-schema",
    'read("indexes.sql")',
    'read("keys.sql")',
    "manifest",
  ],
  [
    "a manifest has the tables of its era",
    "read-schema",
    "JSON.parse(manifest) as Catalog",
    "{ ...(JSON.parse(manifest) as Catalog), tables: {} }",
    "manifest",
  ],
];
