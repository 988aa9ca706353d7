export { type Inspection, inspect, type TargetState } from "./inspect.ts";
export { type OfficialGenesis, type OutputForm, OWN_FORM } from "./output-form.ts";
export * from "./pipeline.ts";
export type { BlockPlace, BlocksPlan, PlacePlan } from "./plan/block-places.ts";
export { type MigrationPlan, type PlannedWorld, planMigration } from "./plan/plan-migration.ts";
export type { TableRows } from "./plan/target-rows.ts";
export { copyBlocks } from "./stages/copy-blocks.ts";
export type * from "./world.ts";
