export { type LaterSchema, type MesaForm, readMesaSchemas } from "./later-forms.ts";
export { type ArchiveSchema, type Era, readSchema } from "./read-schema.ts";
