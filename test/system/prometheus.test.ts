/**
 * Metrics as Debian's Prometheus takes them: its linter finds nothing wrong, its server scrapes and
 * answers queries, and the alerts of docs/metrics.md fire when they should.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { breaker, bulkhead, gate, rateLimit, retryBudget, throttle } from "holdfast";
import { metrics, METRICS_CONTENT_TYPE, type Metrics } from "holdfast/observe";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { eventOf, ROWS } from "../../src/observe/every-event.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-prometheus-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Metrics with everything in them: every event, everything that can be watched, odd names. */
function everything(): Metrics {
  const seen = metrics({ listens: false, series: 20 });
  for (const row of ROWS) seen.on(eventOf(row));
  for (let index = 0; index < 100; index++)
    seen.on({ type: "call.succeeded", policy: `"${index}" \\ \n€`, durationMs: index * 100 });
  seen.watch(breaker("bank"), bulkhead(3), rateLimit(10), gate(), throttle(), retryBudget());
  return seen;
}

function promtool(args: readonly string[], input = ""): { exitCode: number | null; said: string } {
  const { status, stdout, stderr, error } = spawnSync("promtool", args, {
    input,
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  return { exitCode: status, said: `${stdout}${stderr}` };
}

function inFolder(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

test("the linter of Prometheus finds nothing wrong", () => {
  expect(promtool(["check", "metrics"], everything().text())).toEqual({ exitCode: 0, said: "" });
});

test.for<[what: string, from: string | RegExp, to: string]>([
  ["a counter without _total", /holdfast_calls_total/g, "holdfast_calls"],
  ["a missing HELP", /# HELP holdfast_calls_total.*\n/, ""],
  ["a quote that is not escaped", /\\"/g, '"'],
  ["a line that was cut off", / \d+\n$/, " "],
])("the linter would find %s", ([, from, to]) => {
  const spoilt = everything().text().replace(from, to);

  expect(promtool(["check", "metrics"], spoilt).exitCode).not.toBe(0);
});

const [, RULES = ""] =
  /```yaml\n(.*?)```/s.exec(
    readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8"),
  ) ?? [];

test("the alerts of the documentation fire when they should", () => {
  const rules = inFolder("rules.yml", RULES);
  const series = [
    ['holdfast_circuit_breaker_state{breaker="bank",state="open",instance="a"}', "1+0x60"],
    ['holdfast_circuit_breaker_state{breaker="well",state="open",instance="a"}', "0+0x60"],
    ['holdfast_calls_total{operation="bank",outcome="success"}', "0+90x60"],
    ['holdfast_calls_total{operation="bank",outcome="failure",error_type="HTTP_503"}', "0+10x60"],
    ['holdfast_calls_total{operation="well",outcome="success"}', "0+100x60"],
    ['holdfast_retries_total{operation="bank",error_type="HTTP_503"}', "0+60x60"],
    ['holdfast_retries_total{operation="well",error_type="HTTP_503"}', "0+40x60"],
    ['holdfast_bulkhead_rejected_total{bulkhead="db",reason="queue is full"}', "0+1x60"],
    ['holdfast_bulkhead_rejected_total{bulkhead="well",reason="queue is full"}', "7+0x60"],
    ['holdfast_metrics_overflow_total{metric="holdfast_calls_total"}', "0+1x60"],
  ];
  const fire = (alertname: string, labels: object) => ({
    eval_time: "30m",
    alertname,
    exp_alerts: [{ exp_labels: labels, exp_annotations: {} }],
  });
  const expected = [
    fire("HoldfastBreakerOpen", { severity: "warning", instance: "a", breaker: "bank" }),
    fire("HoldfastCallsFail", { severity: "critical", operation: "bank" }),
    fire("HoldfastRetryStorm", { severity: "warning", operation: "bank" }),
    fire("HoldfastBulkheadFull", { severity: "warning", bulkhead: "db" }),
    fire("HoldfastMetricsOverflow", { severity: "info", metric: "holdfast_calls_total" }),
  ];
  // The sentences are for people; which alerts fire, for what, is the rule. JSON is YAML, too.
  const silent = inFolder("silent.yml", RULES.replaceAll(/^ *annotations:\n.*\n?/gm, ""));
  const tests = inFolder(
    "tests.yml",
    JSON.stringify({
      rule_files: [silent],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: series.map(([name, values]) => ({ series: name, values })),
          alert_rule_test: expected,
        },
      ],
    }),
  );

  expect(promtool(["check", "rules", rules])).toEqual({
    exitCode: 0,
    said: expect.stringContaining("5 rules found"),
  });
  expect(promtool(["test", "rules", tests])).toEqual({
    exitCode: 0,
    said: expect.stringContaining("SUCCESS"),
  });
});

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: object;
      readonly value: readonly [number, string];
    }[];
  };
}

test("Prometheus scrapes what is served, and answers queries of it", async () => {
  const seen = everything();
  const at = await prometheusOf(await serve(seen));

  const counted = await answerOf(at, 'sum(holdfast_calls_total{operation="other"})');
  const median = await answerOf(
    at,
    'histogram_quantile(0.5, sum by (le) (holdfast_call_duration_seconds_bucket{operation="other"}))',
  );
  const states = await answerOf(at, 'holdfast_circuit_breaker_state{breaker="bank"} == 1');

  // Of 100 calls of 0 to 9.9 s, those that had no room: about 2 to 9.9 s.
  const [others = 0, medianSeconds = 0] = [counted, median].map(([one]) => Number(one?.value[1]));
  const kept = seen.snapshot()["holdfast_calls_total"]?.samples ?? [];
  const withRoom = kept.filter(({ labels }) => labels["operation"] !== "other");
  expect(others + withRoom.length).toBe(102);
  expect(medianSeconds).toBeGreaterThan(5);
  expect(medianSeconds).toBeLessThan(10);
  expect(states.map(({ metric }) => metric)).toEqual([
    expect.objectContaining({ breaker: "bank", state: "closed", job: "holdfast" }),
  ]);
});

/** Serves the metrics, and answers where. */
async function serve(seen: Metrics): Promise<string> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": METRICS_CONTENT_TYPE }).end(seen.text()),
  ).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a Prometheus that scrapes `target`, and answers where it listens. */
async function prometheusOf(target: string): Promise<string> {
  const at = `127.0.0.1:${await freePort()}`;
  const config = {
    global: { scrape_interval: "1s" },
    scrape_configs: [{ job_name: "holdfast", static_configs: [{ targets: [target] }] }],
  };
  const server = spawn(
    "prometheus",
    [
      `--config.file=${inFolder("prometheus.yml", JSON.stringify(config))}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${at}`,
    ],
    { stdio: "ignore" },
  );
  const ended = once(server, "exit");
  onTestFinished(async () => {
    server.kill();
    await ended;
  });
  return at;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What Prometheus answers once it has scraped. */
async function answerOf(at: string, query: string): Promise<Answer["data"]["result"]> {
  for (let left = 120; left > 0; left--) {
    const url = `http://${at}/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await fetch(url).then(
      async (response) => (await response.json()) as Answer,
      () => undefined,
    );
    if (answer !== undefined && answer.data.result.length > 0) return answer.data.result;
    await sleep(500);
  }
  throw new Error(`Prometheus knows nothing of ${query}`);
}
