// The manifests are what Kubernetes takes, run the commands that exist with a configuration that loads,
// know our exit codes, and ask for no more rights than they need.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { EXIT } from "@forklift/pipeline";
import { runForklift } from "@forklift/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { type Resource, readManifests, renderKustomization } from "./render-kustomization.ts";
import { typedResource, typeErrors } from "./type-check.ts";

const K8S = path.dirname(import.meta.dirname);

const NETWORKS = ["mainnet", "devnet"] as const;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string }[];
  readonly securityContext: object;
  readonly resources: {
    readonly requests: Record<string, string>;
    readonly limits: Record<string, string>;
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Pod {
  readonly containers: readonly [Container];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
  readonly securityContext: object;
  readonly serviceAccountName: string;
}

interface JobSpec {
  readonly activeDeadlineSeconds: number;
  readonly ttlSecondsAfterFinished: number;
  readonly podFailurePolicy: {
    readonly rules: readonly {
      readonly action: string;
      readonly onExitCodes?: { readonly values: readonly number[] };
    }[];
  };
  readonly template: { readonly spec: Pod };
}

const rendered = NETWORKS.map((network) => ({
  network,
  resources: renderKustomization(path.join(K8S, "overlays", network)),
}));

function specOf(resource: Resource): JobSpec {
  const spec = resource["spec"] as JobSpec & { jobTemplate?: { spec: JobSpec } };
  return spec.jobTemplate?.spec ?? spec;
}

const jobsOf = (resources: readonly Resource[]) =>
  resources.filter(({ kind }) => kind === "Job" || kind === "CronJob");

interface StatefulSetSpec {
  readonly replicas: number;
  readonly template: { readonly metadata: object; readonly spec: Pod };
  readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  readonly persistentVolumeClaimRetentionPolicy: object;
}

const followOf = (resources: readonly Resource[]) =>
  of(resources, "StatefulSet")["spec"] as StatefulSetSpec;

const of = (resources: readonly Resource[], kind: string) =>
  resources.find((resource) => resource.kind === kind)!;

test("Kubernetes knows every field and value of what is rendered, and would see a wrong one", () => {
  const secret = readManifests(path.join(K8S, "secret.example.yaml"));
  const more = ["external-postgres", "living-archive", "fork-day"].flatMap(renderOn);
  const files = readManifests(path.join(K8S, "files.yaml"));
  const right = [...rendered.flatMap(({ resources }) => resources), ...secret, ...more, ...files];
  const daily = of(rendered[0]!.resources, "CronJob");
  const spec = daily["spec"] as object;
  const wrong = [
    { ...daily, spec: { ...spec, concurencyPolicy: "Forbid" } },
    { ...daily, spec: { ...spec, startingDeadlineSeconds: "3600" } },
    { ...daily, spec: { ...spec, concurrencyPolicy: "Never" } },
  ];
  const errors = typeErrors([...right, ...(wrong as Resource[])].map(typedResource));
  expect(errors.slice(0, right.length).flat()).toEqual([]);
  const [misspelt, wrongType, wrongValue] = errors.slice(right.length);
  expect(misspelt!.join()).toContain("concurencyPolicy");
  expect(wrongType!.join()).toContain("'string' is not assignable to type 'number'");
  expect(wrongValue!.join()).toContain('"Never"');
});

test.skipIf(!hasKubectl()).each(rendered)(
  "kubectl renders $network as the tests do",
  ({ network, resources }) => {
    const folder = path.join(K8S, "overlays", network);
    const text = execFileSync("kubectl", ["kustomize", folder], { encoding: "utf8" });
    const byKubectl = parseAllDocuments(text).map((one) => one.toJS() as Resource);
    const sorted = (all: readonly Resource[]) =>
      [...all].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    expect(sorted(resources)).toEqual(sorted(byKubectl));
  },
);

describe.each(rendered)("the jobs of $network", ({ network, resources }) => {
  const jobs = jobsOf(resources);
  const daily = jobs.find(({ metadata }) => metadata.name === "forklift-daily");

  test("are a nightly run, and those that an operator starts from what sleeps", () => {
    expect(jobs.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      "CronJob forklift-cutover",
      "CronJob forklift-daily",
      "CronJob forklift-final",
      "CronJob forklift-final-dry-run",
      "CronJob forklift-prime",
    ]);
    expect(daily!["spec"]).not.toHaveProperty("suspend");
    for (const job of jobs) {
      expect(job["spec"]).toMatchObject({ concurrencyPolicy: "Forbid", timeZone: "Etc/UTC" });
      if (job !== daily) expect(job["spec"]).toHaveProperty("suspend", true);
      expect(specOf(job)).toMatchObject({ backoffLimit: 3, ttlSecondsAfterFinished: 604_800 });
      expect(specOf(job).activeDeadlineSeconds).toBeGreaterThan(0);
    }
  });

  test("try again on the exit code that says so, and give up on all others", () => {
    const { ok, tryAgain, ...final } = EXIT;
    for (const job of jobs) {
      const { rules } = specOf(job).podFailurePolicy;
      const codesOf = (action: string) =>
        rules.find((rule) => rule.action === action)?.onExitCodes?.values;
      expect(rules[0]).toMatchObject({ action: "Ignore" });
      expect(codesOf("Count")).toEqual([tryAgain]);
      expect(codesOf("FailJob")).toEqual(Object.values(final));
    }
  });

  test("differ in nothing but their arguments and the volume that they work on", () => {
    const claims = new Set<unknown>();
    const pods = jobs.map((job) => {
      const pod = specOf(job).template.spec;
      const [container] = pod.containers;
      const work = pod.volumes.find(({ name }) => name === "work");
      claims.add(work?.persistentVolumeClaim?.claimName);
      const volumes = pod.volumes.filter((volume) => volume !== work);
      return { ...pod, volumes, containers: [{ ...container, args: [] }] };
    });
    for (const pod of pods) expect(pod).toEqual(pods[0]);
    expect(claims.size).toBe(jobs.length);
    expect([...claims]).not.toContain(undefined);
  });

  test("are followed by a pod like theirs, which says when it is ready and keeps its volumes", () => {
    const { replicas, template, ...follow } = followOf(resources);
    const pod = template.spec;
    const ofJobs = specOf(daily!).template.spec;
    expect(replicas).toBe(0);
    expect(template.metadata).toMatchObject({
      labels: { "app.kubernetes.io/name": "forklift" },
    });
    const claims = follow.volumeClaimTemplates.map(({ metadata }) => metadata.name);
    expect(claims.sort()).toEqual(["cache", "work"]);
    expect(follow.persistentVolumeClaimRetentionPolicy).toEqual({
      whenDeleted: "Retain",
      whenScaled: "Retain",
    });
    const [{ readinessProbe, args, ...container }] = pod.containers;
    const config = args.at(-1)!;
    expect(args).toEqual(["follow", "--config", config]);
    expect(specOf(daily!).template.spec.containers[0].args.at(-1)).toBe(config);
    expect(readinessProbe!.httpGet).toEqual({ path: "/readyz", port: "metrics" });
    expect(container.livenessProbe!.httpGet.path).toBe("/healthz");
    // What is apart from that is the server, which it does not need.
    const [expected] = ofJobs.containers;
    const isServers = (one: { readonly name: string }) =>
      one.name === "FORKLIFT_POSTGRES_URL" || one.name === "socket";
    const { args: _args, env, volumeMounts, ...rest } = expected;
    expect(container).toEqual({
      ...rest,
      env: expect.arrayContaining(env!.filter((one) => !isServers(one))),
      volumeMounts: expect.arrayContaining(volumeMounts.filter((one) => !isServers(one))),
    });
    expect(pod.securityContext).toEqual(ofJobs.securityContext);
    expect(pod.serviceAccountName).toBe(ofJobs.serviceAccountName);
  });

  test("work on claims that are rendered with them", () => {
    const names = resources.map(nameOf);
    for (const job of jobs) {
      for (const { persistentVolumeClaim } of specOf(job).template.spec.volumes) {
        if (persistentVolumeClaim === undefined) continue;
        expect(names).toContain(`PersistentVolumeClaim ${persistentVolumeClaim.claimName}`);
      }
    }
  });

  test("meet the restricted standard, and say what they take", () => {
    const pod = specOf(daily!).template.spec;
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const container of [...pod.containers, ...pod.initContainers!]) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources.limits).toEqual(container.resources.requests);
      expect(container.image).toMatch(/:[\w.-]+$/);
      const volumes = pod.volumes.map(({ name }) => name);
      for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
    }
  });

  test("name an account, a claim and a configuration that are rendered with them", () => {
    const account = of(resources, "ServiceAccount");
    expect(specOf(daily!).template.spec.serviceAccountName).toBe(account.metadata.name);
    expect(account.metadata).toHaveProperty("annotations");
    const names = resources.map(nameOf);
    expect(names).toEqual(
      expect.arrayContaining([
        "ConfigMap forklift",
        "PersistentVolumeClaim forklift-cache",
        `Namespace forklift-${network}`,
      ]),
    );
  });

  test("run commands whose options exist, with a configuration that loads as mounted", async () => {
    const config = path.join(K8S, "overlays", network, "forklift.yaml");
    const env = Object.fromEntries(
      specOf(daily!)
        .template.spec.containers[0].env!.filter((one) => "value" in one)
        .map((one) => [one.name, (one as unknown as { value: string }).value]),
    );
    expect(env["FORKLIFT_POSTGRES_URL"]).toBeDefined();
    const loaded = await runForklift(["config", "--explain", "--config", config], { env });
    expect(loaded).toMatchObject({ exit: EXIT.ok, stderr: "" });
    expect(loaded.stdout).toMatch(/^metrics\.port +9464 +file/m);
    expect(readFileSync(config, "utf8")).toContain(
      (daily!["spec"] as { readonly schedule: string }).schedule,
    );
    if (network !== "mainnet") return;
    const pods = [...jobs.map(specOf), followOf(resources)].map(({ template }) => template.spec);
    for (const { containers } of pods) {
      const [{ args }] = containers;
      const missing = args.map((arg) => (arg.endsWith(".yaml") ? "/nowhere/forklift.yaml" : arg));
      const { exit, stderr } = await runForklift(missing);
      // The command line was understood: it is the configuration that is not there.
      expect(stderr).toContain("cannot read configuration /nowhere/forklift.yaml");
      expect(exit).toBe(EXIT.config);
    }
  });
});

test("with a server outside, its URL comes from the secret, and the way to it is open", () => {
  const resources = renderOn("external-postgres");
  const [{ env }] = specOf(of(resources, "CronJob")).template.spec.containers;
  expect(env).toContainEqual({
    name: "FORKLIFT_POSTGRES_URL",
    valueFrom: { secretKeyRef: { name: "forklift", key: "postgres-url" } },
  });
  const [{ stringData }] = readManifests(path.join(K8S, "secret.example.yaml")) as [
    Resource & { stringData: Record<string, string> },
  ];
  const keys = env!.flatMap((one) => {
    const { valueFrom } = one as { valueFrom?: { secretKeyRef: { key: string } } };
    return valueFrom === undefined ? [] : [valueFrom.secretKeyRef.key];
  });
  expect(keys.sort()).toEqual(Object.keys(stringData).sort());
  expect(JSON.stringify(resources.filter(({ kind }) => kind === "NetworkPolicy"))).toContain(
    '"port":5432',
  );
});

const COMPONENTS = ["external-postgres", "postgres-sidecar", "living-archive", "fork-day"];

test("on fork day a Job runs the final with the pod of its CronJob, as every other component has made it", () => {
  const resources = COMPONENTS.reduce(
    (made, component) => renderKustomization(path.join(K8S, "components", component), made),
    renderKustomization(path.join(K8S, "base")),
  );
  const job = of(resources, "Job");
  const asleep = jobsOf(resources).find(
    ({ kind, metadata }) => kind === "CronJob" && metadata.name === job.metadata.name,
  );
  // It stays, so that nothing makes it anew and runs the final once more.
  const { ttlSecondsAfterFinished, ...spec } = specOf(asleep!);
  expect(ttlSecondsAfterFinished).toBeGreaterThan(0);
  expect(job["spec"]).toEqual(spec);
  // It starts when it is applied.
  expect(job["spec"]).not.toHaveProperty("suspend");
  const { containers, initContainers } = specOf(job).template.spec;
  expect(containers[0].args[0]).toBe("final");
  expect(initContainers).toHaveLength(1);
  expect(typeErrors([typedResource(job)]).flat()).toEqual([]);
});

test.skipIf(!hasKubectl())("kubectl renders that Job as the tests do", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-overlay-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const overlay = {
    ...{ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" },
    resources: [path.relative(home, path.join(K8S, "base"))],
    components: COMPONENTS.map((name) => path.relative(home, path.join(K8S, "components", name))),
  };
  await writeFile(path.join(home, "kustomization.yaml"), JSON.stringify(overlay));
  const text = execFileSync("kubectl", ["kustomize", home], { encoding: "utf8" });
  const byKubectl = parseAllDocuments(text).map((one) => one.toJS() as Resource);
  expect(of(renderKustomization(home), "Job")).toEqual(of(byKubectl, "Job"));
});

test("where the archive lives, it is followed instead of the nights, and the way to it is open", () => {
  const resources = renderOn("living-archive");
  expect(followOf(resources).replicas).toBe(1);
  const asleep = jobsOf(resources).filter((job) => (job["spec"] as { suspend?: true }).suspend);
  expect(asleep).toHaveLength(jobsOf(resources).length);
  expect(JSON.stringify(resources.filter(({ kind }) => kind === "NetworkPolicy"))).toContain(
    '"port":5432',
  );
});

test("what jobs leave on the cache can be taken from it, by the same image and no more rights", () => {
  const [pod] = readManifests(path.join(K8S, "files.yaml"));
  const spec = pod!["spec"] as Pod;
  const [container] = spec.containers;
  const follow = followOf(rendered[0]!.resources).template.spec;
  expect(container.image).toBe(follow.containers[0].image);
  expect(container.securityContext).toEqual(follow.containers[0].securityContext);
  expect(spec.securityContext).toEqual(follow.securityContext);
  const [{ persistentVolumeClaim }] = spec.volumes as [(typeof spec.volumes)[number]];
  const cache = rendered[0]!.resources.filter(({ kind }) => kind === "PersistentVolumeClaim");
  expect(cache.map(({ metadata }) => metadata.name)).toContain(persistentVolumeClaim!.claimName);
  expect(container.volumeMounts).toContainEqual(expect.objectContaining({ readOnly: true }));
  // Where the cutover writes is below it.
  const cutover = jobsOf(rendered[0]!.resources).find(
    ({ metadata }) => metadata.name === "forklift-cutover",
  );
  const { args } = specOf(cutover!).template.spec.containers[0];
  expect(args[args.indexOf("--out") + 1]).toMatch(/^\/cache\//);
  expect(readFileSync(path.join(K8S, "files.yaml"), "utf8")).toContain(
    "forklift-files:/cache/cutover",
  );
});

test("the README has the steps in the order in which each can be done, of workloads that there are", () => {
  const page = readFileSync(path.join(K8S, "README.md"), "utf8");
  const [, steps = ""] = /```sh\n(.*?)```/s.exec(page) ?? [];
  const at = ["CHANGE-ME", "create namespace", "my-secret.yaml", "apply -k", "create job"].map(
    (step) => steps.indexOf(step),
  );
  expect(at).not.toContain(-1);
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  const names = new Set(rendered[0]!.resources.map(({ metadata }) => metadata.name));
  const started = [...page.matchAll(/--from=cronjob\/([\w-]+)/g)].map(([, name]) => name!);
  expect(started.length).toBeGreaterThan(2);
  for (const name of started) expect(names).toContain(name);
});

test("every manifest of the base is in its kustomization", () => {
  const base = path.join(K8S, "base");
  const { resources, patches } = parse(
    readFileSync(path.join(base, "kustomization.yaml"), "utf8"),
  ) as { readonly resources: string[]; readonly patches: { readonly path: string }[] };
  const named = [...resources, ...patches.map((patch) => patch.path), "kustomization.yaml"];
  expect(named.sort()).toEqual(readdirSync(base).sort());
});

/** The base with a component, as an overlay would have it. */
function renderOn(component: string): Resource[] {
  const base = renderKustomization(path.join(K8S, "base"));
  return renderKustomization(path.join(K8S, "components", component), base);
}

function nameOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.name}`;
}

function hasKubectl(): boolean {
  try {
    execFileSync("kubectl", ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
