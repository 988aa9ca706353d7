// The metrics of a process, by the contract.

import { Gauge, Registry } from "prom-client";
import { forkliftVersion } from "../version.ts";
import { type LabelsOf, METRICS, type MetricName } from "./contract.ts";

export interface Metrics {
  /** Those of a network, and those of its runs: they are pushed apart, for runs come and go. */
  readonly registries: { readonly network: Registry; readonly run: Registry };
  /** All of them, in the text form of Prometheus. */
  text(): Promise<string>;
  /** Null takes the value away: a metric that nobody knows is absent, never 0. */
  set<Name extends MetricName>(name: Name, labels: LabelsOf<Name>, value: number | null): void;
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
  const metrics: Metrics = {
    registries,
    text: async () => `${await registries.network.metrics()}\n${await registries.run.metrics()}`,
    set(name, labels, value) {
      const gauge = gauges.get(name)!;
      if (value === null) gauge.remove(labels);
      else gauge.set(labels, value);
    },
  };
  metrics.set("forklift_build_info", { version: forkliftVersion() }, 1);
  return metrics;
}
