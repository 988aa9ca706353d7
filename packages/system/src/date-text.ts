// A moment as people read it: in every text the same form. Documents for programs have the ISO form.

/** `2026-11-21T02:00:07.123Z` → `2026-11-21 02:00 UTC`; a text that is no moment stays as it is. */
export function dateText(moment: string | Date): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  const iso = date.toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
