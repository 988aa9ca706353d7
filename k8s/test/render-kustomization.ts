// Renders our kustomizations for the tests where there is no kubectl: resources, components, strategic
// merge patches with a target, replacements of whole fields, a generated ConfigMap, images, namespace. A feature that it does not
// know is an error, and where kubectl is present both must give the same.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse, parseAllDocuments } from "yaml";

export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

type Tree = Record<string, unknown>;

interface Kustomization {
  readonly apiVersion: string;
  readonly kind: "Kustomization" | "Component";
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly {
    readonly path: string;
    readonly target?: { readonly kind: string; readonly name?: string };
  }[];
  readonly replacements?: readonly Replacement[];
  readonly images?: readonly { readonly name: string; newName?: string; newTag?: string }[];
  readonly generatorOptions?: { readonly disableNameSuffixHash: true };
  readonly configMapGenerator?: readonly { readonly name: string; readonly files: string[] }[];
}

interface Replacement {
  readonly source: Named & { readonly fieldPath: string };
  readonly targets: readonly { readonly select: Named; readonly fieldPaths: readonly string[] }[];
}

interface Named {
  readonly kind: string;
  readonly name: string;
}

const KNOWN = new Set([
  ...["apiVersion", "kind", "namespace", "resources", "components", "patches", "images"],
  ...["generatorOptions", "configMapGenerator", "replacements"],
]);

/** Lists that are merged by the value of a field; all others are replaced. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  volumes: "name",
  env: "name",
  volumeMounts: "mountPath",
};

/** Kinds that belong to no namespace. */
const CLUSTER_KINDS = new Set(["Namespace"]);

/** @param given what a component changes. */
export function renderKustomization(folder: string, given: readonly Resource[] = []): Resource[] {
  const kustomization = readKustomization(folder);
  let resources = [...given];
  for (const name of kustomization.resources ?? []) {
    const place = path.join(folder, name);
    resources.push(...(isFolder(place) ? renderKustomization(place) : readManifests(place)));
  }
  for (const { name, files } of kustomization.configMapGenerator ?? []) {
    const data = files.map((file) => [file, readFileSync(path.join(folder, file), "utf8")]);
    resources.push({
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name } },
      data: Object.fromEntries(data) as Tree,
    });
  }
  for (const component of kustomization.components ?? []) {
    resources = renderKustomization(path.join(folder, component), resources);
  }
  for (const { path: file, target } of kustomization.patches ?? []) {
    const [patch] = readManifests(path.join(folder, file));
    const isMeant = ({ kind, metadata }: Resource) =>
      target === undefined
        ? kind === patch!.kind && metadata.name === patch!.metadata.name
        : kind === target.kind && (target.name ?? metadata.name) === metadata.name;
    if (!resources.some(isMeant)) throw new Error(`${folder}/${file} patches nothing`);
    resources = resources.map((one) => (isMeant(one) ? patched(one, patch!, target) : one));
  }
  for (const replacement of kustomization.replacements ?? []) {
    resources = replaced(resources, replacement);
  }
  const { images = [], namespace } = kustomization;
  resources = resources.map((one) => withImages(one, images) as Resource);
  return namespace === undefined ? resources : resources.map((one) => inside(namespace, one));
}

/** With a target, the name in the patch means nothing. */
function patched(resource: Resource, patch: Resource, target: object | undefined): Resource {
  const { metadata, ...rest } = patch;
  const { name: _name, ...more } = metadata;
  return merged(resource, target === undefined ? patch : { ...rest, metadata: more }) as Resource;
}

function replaced(resources: readonly Resource[], { source, targets }: Replacement): Resource[] {
  const isNamed = ({ kind, name }: Named) => {
    return (one: Resource) => one.kind === kind && one.metadata.name === name;
  };
  const from = resources.find(isNamed(source));
  const fields = source.fieldPath.split(".");
  const value = fields.reduce<unknown>((node, name) => (node as Tree)[name], from);
  if (value === undefined)
    throw new Error(`${source.kind} ${source.name} has no ${fields.join(".")}`);
  return resources.map((one) => {
    const paths = targets.flatMap(({ select, fieldPaths }) =>
      isNamed(select)(one) ? fieldPaths : [],
    );
    return { ...one, ...Object.fromEntries(paths.map((name) => [name, value])) };
  });
}

function merged(base: unknown, patch: unknown, field = ""): unknown {
  if (Array.isArray(base) && Array.isArray(patch) && field in MERGE_KEYS) {
    const key = MERGE_KEYS[field]!;
    const keyOf = (item: unknown) => (item as Tree)[key];
    const changed = patch.map((item: unknown) => {
      const former = base.find((one: unknown) => keyOf(one) === keyOf(item)) as unknown;
      return former === undefined ? item : merged(former, item);
    });
    const kept = base.filter((one: unknown) => !patch.some((item) => keyOf(item) === keyOf(one)));
    return [...changed, ...kept];
  }
  if (!isTree(base) || !isTree(patch)) return patch;
  const fields = Object.entries(patch).map(([name, value]) => [
    name,
    name in base ? merged(base[name], value, name) : value,
  ]);
  const all = Object.entries({ ...base, ...Object.fromEntries(fields) });
  // A patch takes away what it says is null.
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

function withImages(node: unknown, images: NonNullable<Kustomization["images"]>): unknown {
  if (Array.isArray(node)) return node.map((item) => withImages(item, images));
  if (!isTree(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      const image = images.find((one) => name === "image" && one.name === value);
      if (image === undefined) return [name, withImages(value, images)];
      return [name, `${image.newName ?? image.name}:${image.newTag}`];
    }),
  );
}

function inside(namespace: string, resource: Resource): Resource {
  const { metadata } = resource;
  return CLUSTER_KINDS.has(resource.kind)
    ? { ...resource, metadata: { ...metadata, name: namespace } }
    : { ...resource, metadata: { ...metadata, namespace } };
}

function readKustomization(folder: string): Kustomization {
  const file = path.join(folder, "kustomization.yaml");
  const kustomization = parse(readFileSync(file, "utf8")) as Kustomization;
  for (const field of Object.keys(kustomization)) {
    if (!KNOWN.has(field)) throw new Error(`${file}: ${field} is not rendered here`);
  }
  return kustomization;
}

export function readManifests(file: string): Resource[] {
  return parseAllDocuments(readFileSync(file, "utf8")).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${file}: ${error.message}`);
    return document.toJS() as Resource;
  });
}

function isFolder(place: string): boolean {
  return existsSync(path.join(place, "kustomization.yaml"));
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
