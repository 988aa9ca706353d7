// Numbers of bytes as people read them.

/** 1500000000 → "1.5 GB", in powers of ten, as disks and stores count. */
export function sizeText(bytes: bigint | number): string {
  return inUnits(Number(bytes), 1000);
}

/** 1610612736 → "1.5 GB", in units of 1024, as PostgreSQL counts in its settings. */
export function settingText(bytes: number): string {
  return inUnits(bytes, 1024);
}

function inUnits(bytes: number, step: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  if (bytes < step) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit = 0;
  while (Number(value.toFixed(1)) >= step && unit < units.length - 1) {
    value /= step;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
