// What was found of the pending tail, as lines of a text and as a document.

import { type BlockRef, jsonNumber } from "@forklift/chain";
import { counted, grouped } from "@forklift/console";
import type { PendingReport } from "../pending/pending-report.ts";

/** Lines of blocks that are not proven; the document has them all. */
const TOLD_MAX = 5;

export function pendingText(report: PendingReport): string {
  const { height, blocks, proven, forks, tips, provenTo, notProven, beside } = report;
  const told = notProven.slice(0, TOLD_MAX).map((block) => {
    return `not proven  block ${block.stateHash} at height ${grouped(block.height)} ${block.reason}`;
  });
  return [
    `pending     ${counted(blocks, "block")} above height ${grouped(height)}: ${grouped(proven)} proven, ` +
      `${counted(forks, "fork")}, ${counted(tips.length, "tip")}; beside the chain ${grouped(beside)}`,
    `proven to   height ${grouped(provenTo)}`,
    ...told,
    ...(notProven.length > TOLD_MAX ? [`and ${grouped(notProven.length - TOLD_MAX)} more`] : []),
  ].join("\n");
}

export function pendingDocument(report: PendingReport): object {
  const { tips, differences, notProven, provenTo, blocks, proven, forks, beside, applied } = report;
  return {
    ...refOf(report),
    provenTo: jsonNumber(provenTo),
    ...{ blocks, proven, forks, beside, applied },
    tips: tips.map((tip) => ({ ...refOf(tip), provenTo: jsonNumber(tip.provenTo) })),
    differences: differences.map((difference) => ({
      ...refOf(difference),
      ...{ expected: difference.expected, found: difference.found },
      onBestChain: difference.isOnBestChain,
      message: difference.error.message,
    })),
    notProven: notProven.map((block) => ({ ...refOf(block), reason: block.reason })),
  };
}

function refOf({ height, stateHash }: BlockRef) {
  return { height: jsonNumber(height), stateHash };
}
