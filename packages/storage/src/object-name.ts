// Names of objects inside a store. They come from manifests, so they are checked, not trusted.

import { SourceDataError } from "@forklift/pipeline";

/** @throws SourceDataError for a name that is empty, absolute or leaves the store. */
export function checkObjectName(name: string): string {
  const parts = name.split("/");
  const strays = parts.some((part) => part === "" || part === "." || part === "..");
  if (strays || /[\\\0]/.test(name)) {
    throw new SourceDataError(
      `object name ${JSON.stringify(name)} is not a relative path inside its store`,
      { hint: "whoever wrote this name (a manifest?) must not be trusted; look at that file" },
    );
  }
  return name;
}
