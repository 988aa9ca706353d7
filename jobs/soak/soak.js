// The soak test: many nights of daily jobs on a sample network, one after the other, on storage
// that errs.
//
// npm run soak -- [--days N] [--json] [--seed N] [--error-rate N]
//
// Prints how the days ended: with a verified complete set, with a clear failure and a notice of it, or
// wrong, which is a set that differs from the one of an undisturbed run, or anything else. Ends with 20
// when a day was wrong.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "@forklift/pipeline";
import { closeField, openField } from "./field.js";
import { liveDay } from "./live-day.js";
import { planDays } from "./plan-days.js";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    "error-rate": { type: "string", default: "0.02" },
  },
});

const home = await mkdtemp(path.join(tmpdir(), "forklift-soak-"));
const summary = { days: Number(values.days), verified: 0, failed_clearly: 0, wrong: 0 };
const field = await openField(home, {
  days: summary.days,
  seed: Number(values.seed),
  errorRate: Number(values["error-rate"]),
});
try {
  for (const [index, plan] of planDays(summary.days).entries()) {
    const { state, note } = await liveDay(field, index, plan);
    summary[state]++;
    console.error(`day ${index + 1}: ${state}${note === "" ? "" : `, ${note}`}`);
  }
} finally {
  await closeField(field);
  await rm(home, { recursive: true, force: true });
}

if (values.json) console.log(JSON.stringify(summary));
else {
  const { days, verified, failed_clearly, wrong } = summary;
  console.log(
    `${days} days: ${verified} verified, ${failed_clearly} failed clearly, ${wrong} wrong`,
  );
}
// What still holds the process has nothing to add.
process.exit(summary.wrong === 0 ? EXIT.ok : EXIT.verificationFailed);
