// Alert rules, dashboard and documentation name metrics that exist, with labels that those have, in
// PromQL that parses; and every alert leads to a section of the runbook.

import { readFileSync } from "node:fs";
import path from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { METRICS, type MetricContract } from "../src/observe/metrics/contract.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

const CONTRACT: readonly MetricContract[] = METRICS;

/** Prometheus itself adds these to whatever it scrapes. */
const SCRAPED_LABELS = ["job", "instance"];

/** What is wrong with an expression; nothing when all is well. */
function faultsOf(expression: string): string[] {
  const faults: string[] = [];
  const textOf = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  const used: MetricContract[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      const text = textOf(node);
      if (node.type.isError) faults.push(`no PromQL at ${node.from}: ${expression}`);
      if (node.name === "VectorSelector") {
        const name = node.node.getChild("Identifier");
        const metric = CONTRACT.find((one) => name !== null && one.name === textOf(name));
        if (metric === undefined) faults.push(`no metric ${text}`);
        else used.push(metric);
        const matchers = node.node.getChild("LabelMatchers");
        for (const matcher of matchers?.getChildren("UnquotedLabelMatcher") ?? []) {
          const label = textOf(matcher.getChild("LabelName")!);
          if (metric?.labels.includes(label) === false) faults.push(`no label ${label} in ${text}`);
        }
      }
    },
  });
  const known = [...SCRAPED_LABELS, ...used.flatMap(({ labels }) => labels)];
  parser.parse(expression).iterate({
    enter(node) {
      if (node.name !== "GroupingLabels") return;
      for (const label of node.node.getChildren("LabelName")) {
        if (!known.includes(textOf(label))) faults.push(`no label ${textOf(label)} to group by`);
      }
    },
  });
  return used.length === 0 ? [...faults, `no metric in ${expression}`] : faults;
}

test.each([
  ["a metric that nobody gives", "forklift_lag_seconds > 1", "no metric forklift_lag_seconds"],
  ["a label that it does not have", 'forklift_lag_blocks{recipe="daily"} > 1', "no label recipe"],
  ["grouping by such a label", "max by (stage) (forklift_lag_blocks)", "no label stage"],
  ["no PromQL", "forklift_lag_blocks >> 1", "no PromQL"],
  ["a bracket that is missing", "max(forklift_lag_blocks", "no PromQL"],
])("%s would be noticed", (_what, expression, fault) => {
  expect(faultsOf(expression).join("\n")).toContain(fault);
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

const { groups } = parse(read("monitoring/alerts.yaml")) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** As GitHub makes them of headings. */
const anchors = [...read("RUNBOOK.md").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
  heading!
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-"),
);

describe("the alert rules", () => {
  test.each(rules)("$alert asks for metrics that exist", ({ expr }) => {
    expect(faultsOf(expr)).toEqual([]);
  });

  test.each(rules)("$alert leads to the runbook and fills in what its metric has", (rule) => {
    const [page, anchor] = rule.annotations.runbook_url.split("#");
    expect(page).toBe("RUNBOOK.md");
    expect(anchors).toContain(anchor);
    expect(["warning", "critical"]).toContain(rule.labels.severity);
    const metrics = CONTRACT.filter(({ name }) => rule.expr.includes(name));
    const labels = metrics.flatMap((metric) => metric.labels);
    for (const [, label] of rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
      expect(labels).toContain(label);
    }
  });

  test("cover what an operator must not miss", () => {
    expect(rules.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        "ForkliftNoSuccess",
        "ForkliftLag",
        "ForkliftVerificationFailed",
        "ForkliftSourceGap",
        "ForkliftDiskLow",
        "ForkliftSlow",
      ]),
    );
  });
});

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
}

const dashboard = JSON.parse(read("monitoring/dashboard.json")) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};

describe("the dashboard", () => {
  test.each(dashboard.panels)("$title asks for metrics that exist", ({ targets }) => {
    for (const { expr, legendFormat } of targets) {
      expect(faultsOf(expr)).toEqual([]);
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
      }
    }
  });

  test("has no two panels in one place, and no variable that is not defined", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    const names = dashboard.templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard.panels).match(/\$\{?(\w+)/g)!;
    expect([...new Set(used.map((text) => text.replace(/\W/g, "")))].sort()).toEqual(names.sort());
  });
});

test("the documentation lists every metric as the contract has it", () => {
  const rows = CONTRACT.map(
    ({ name, unit, labels, help }) => `| \`${name}\` | ${unit} | ${labels.join(", ")} | ${help} |`,
  );
  const table = ["| metric | unit | labels | meaning |", "| --- | --- | --- | --- |", ...rows];
  expect(read("docs/monitoring.md")).toContain(
    `<!-- metrics -->\n${table.join("\n")}\n<!-- /metrics -->`,
  );
});

test("every metric of the contract is shown or watched", () => {
  const shown = read("monitoring/alerts.yaml") + read("monitoring/dashboard.json");
  const unused = CONTRACT.filter(({ name }) => !shown.includes(name)).map(({ name }) => name);
  expect(unused).toEqual([
    "forklift_build_info",
    "forklift_run_end_timestamp_seconds",
    "forklift_verification_comparisons",
  ]);
});
