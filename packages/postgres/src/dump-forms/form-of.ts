// Detects the form of a dump by its first bytes, and refuses what we do not read, with a next step.

import { DamagedDataError, SourceDataError } from "@forklift/pipeline";

export const FORM_HEAD_BYTES = 512;

const TAR_MAGIC = "ustar";
const TAR_MAGIC_OFFSET = 257;

/** pg_dump's custom format, and the table of contents of its directory and tar formats. */
const PG_DUMP_MAGIC = "PGDMP";

/** The first bytes of other formats, which people take for a dump or pack one in. */
const OTHER_MAGICS = [
  ["zip", "504b0304"],
  ["xz", "fd377a585a00"],
  ["bzip2", "425a68"],
  ["lz4", "04224d18"],
  ["7z", "377abcaf271c"],
] as const;

type Packer = (typeof OTHER_MAGICS)[number][0];

export type RefusedForm = Packer | "UTF-16" | "nothing";

export type DumpForm = "sql" | "tar" | "custom" | RefusedForm;

/** @param head the first FORM_HEAD_BYTES, or all there is. */
export function formOf(head: Uint8Array): DumpForm {
  if (head.length === 0) return "nothing";
  if (isCustomFormat(head)) return "custom";
  if (latin1(head, TAR_MAGIC_OFFSET, TAR_MAGIC.length) === TAR_MAGIC) return "tar";
  const hex = Buffer.from(head.subarray(0, 8)).toString("hex");
  const other = OTHER_MAGICS.find(([, magic]) => hex.startsWith(magic));
  if (other !== undefined) return other[0];
  return isUtf16(head) ? "UTF-16" : "sql";
}

export function isCustomFormat(head: Uint8Array): boolean {
  return latin1(head, 0, PG_DUMP_MAGIC.length) === PG_DUMP_MAGIC;
}

/** By its mark; without one, by two characters of ASCII that have two bytes each. */
function isUtf16(head: Uint8Array): boolean {
  const text = latin1(head, 0, 4);
  return /^(?:\xff\xfe|\xfe\xff|[\t-~]\0[\t-~]\0|\0[\t-~]\0[\t-~])/.test(text);
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + length)).toString("latin1");
}

const UNPACKED_BY: Readonly<Record<Packer, string>> = {
  zip: "unzip",
  xz: "xz -d",
  bzip2: "bzip2 -d",
  lz4: "lz4 -d",
  "7z": "7z x",
};

export function refuseForm(form: RefusedForm): SourceDataError {
  if (form === "nothing") {
    return new DamagedDataError("the dump is empty: it has no byte", {
      hint: "see why it was not written, and get the dump again",
    });
  }
  if (form === "UTF-16") {
    return new SourceDataError("the dump is text in UTF-16, expected UTF-8", {
      hint:
        "convert the dump with iconv -f UTF-16 -t UTF-8, or make it with pg_dump --file instead of " +
        "the > of PowerShell",
    });
  }
  return new SourceDataError(`the dump is packed as ${form}, which forklift does not read`, {
    hint: `unpack it with ${UNPACKED_BY[form]}, and give the dump that is in it`,
  });
}
