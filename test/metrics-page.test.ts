/** docs/metrics.md lists every metric as it is. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { METRICS, type Metric } from "../src/observe/metric-definitions.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/metrics.md"), "utf8");

test("the page lists every metric, with its type and labels, in their order", () => {
  const listed = [...page.matchAll(/^\| `(holdfast_\w+)` \| (\w+) \| (.*?) \|/gm)].map(
    ([, name, type, labels = ""]) => ({
      name,
      type,
      labels: labels.replaceAll("`", "").split(" "),
    }),
  );

  expect(listed).toEqual(
    Object.values<Metric>(METRICS).map(({ name, type, labels, states }) => ({
      name,
      type,
      labels: states === undefined ? labels : [...labels, "state"],
    })),
  );
});

test("what the alerts of the page ask for exists", () => {
  const [, rules = ""] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const names = new Set(Object.values<Metric>(METRICS).map(({ name }) => name));

  const asked = [...rules.matchAll(/holdfast_\w+/g)].map(([name]) => name);

  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !names.has(name))).toEqual([]);
});
