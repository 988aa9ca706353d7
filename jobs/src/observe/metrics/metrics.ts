// The metrics of a process, by the contract.

import { forkliftVersion } from "@forklift/console";
import { Gauge, Registry } from "prom-client";
import { type LabelsOf, METRICS, type MetricName } from "./contract.ts";

export interface Metrics {
  /** Those of a network, and those of its runs: they are pushed apart, for runs come and go. */
  readonly registries: { readonly network: Registry; readonly run: Registry };
  /** All of them, in the text form of Prometheus. */
  text(): Promise<string>;
  /** Null removes the value: a metric of unknown value is absent, never 0. */
  set<Name extends MetricName>(name: Name, labels: LabelsOf<Name>, value: number | null): void;
  /** Takes away every value of that name that has these labels among its own. */
  forget<Name extends MetricName>(name: Name, labels: Partial<LabelsOf<Name>>): void;
}

export function openMetrics(): Metrics {
  const registries = { network: new Registry(), run: new Registry() };
  const gauges = new Map(
    METRICS.map(({ name, help, labels }) => {
      const labelNames: string[] = [...labels];
      const registry = registries[labelNames.includes("recipe") ? "run" : "network"];
      return [name, new Gauge({ name, help, labelNames, registers: [registry] })];
    }),
  );
  /** The labels that each metric has values for, by their text. */
  const labelled = new Map<MetricName, Map<string, Readonly<Record<string, string>>>>();
  const labelsOf = (name: MetricName) => {
    if (!labelled.has(name)) labelled.set(name, new Map());
    return labelled.get(name)!;
  };
  const metrics: Metrics = {
    registries,
    text: async () => `${await registries.network.metrics()}\n${await registries.run.metrics()}`,
    set(name, labels, value) {
      const gauge = gauges.get(name)!;
      const key = JSON.stringify(labels);
      if (value === null) {
        gauge.remove(labels);
        labelsOf(name).delete(key);
      } else {
        gauge.set(labels, value);
        labelsOf(name).set(key, labels);
      }
    },
    forget(name, some) {
      for (const labels of [...labelsOf(name).values()]) {
        const isMeant = Object.entries(some).every(([label, value]) => labels[label] === value);
        if (isMeant) metrics.set(name, labels as LabelsOf<typeof name>, null);
      }
    },
  };
  metrics.set("forklift_build_info", { version: forkliftVersion() }, 1);
  return metrics;
}
