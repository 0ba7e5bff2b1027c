import { context, diag, DiagLogLevel, trace, type Context, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
} from "@opentelemetry/sdk-trace";
import { afterAll, expect, test } from "vitest";
import { ambient, withAmbient } from "../core/context.ts";
import {
  breaker,
  constant,
  hedge,
  measured,
  OptionsError,
  pipeline,
  redactor as makeRedactor,
  retry,
  secret,
  timeout,
  type EventDetails,
  type Redactor,
} from "../index.ts";
import { VirtualClock } from "../testing/index.ts";
import { traced } from "./otel.ts";

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
afterAll(() => context.disable());

const reset = (): Error => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

/** A tracer, and the spans that it made, as they ended. */
function tracing(sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    ...(sampler && { sampler }),
  });
  const tracer = provider.getTracer("test");
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  return { tracer, spans };
}

/** Each span with the names of those around it, the outermost first. */
function pathsOf(spans: readonly ReadableSpan[]): string[] {
  const pathOf = (span: ReadableSpan): string => {
    const id = span.parentSpanContext?.spanId;
    const parent = spans.find((other) => other.spanContext().spanId === id);
    const number = (span.attributes["holdfast.attempt.number"] as number | undefined) ?? "";
    return `${parent === undefined ? "" : `${pathOf(parent)} > `}${span.name}${number}`;
  };
  return spans.map(pathOf);
}

const eventsOf = (span: ReadableSpan | undefined) =>
  span?.events.map(({ name, attributes }) => ({ name, attributes }));

test("a call is a span, its attempts are children of it, and what the work makes is below those", async () => {
  const { tracer, spans } = tracing();
  const clock = new VirtualClock();
  const bank = pipeline(
    traced({ name: "call", tracer }),
    retry({ clock, backoff: constant("1s") }),
    traced({ name: "attempt", tracer }),
  );

  await clock.settle(() =>
    bank.run(async ({ attempt }) => {
      await clock.sleep(10);
      tracer.startSpan("query").end();
      if (attempt < 3) throw reset();
    }),
  );

  expect(pathsOf(spans())).toEqual([
    "call1 > attempt1 > query",
    "call1 > attempt1",
    "call1 > attempt2 > query",
    "call1 > attempt2",
    "call1 > attempt3 > query",
    "call1 > attempt3",
    "call1",
  ]);
});

test("what stands around the call is its parent, and calls at once keep apart", async () => {
  const { tracer, spans } = tracing();
  const policy = traced({ name: "call", tracer });
  const request = (name: string) => {
    const span = tracer.startSpan(name);
    return context.with(trace.setSpan(context.active(), span), async () => {
      await policy.run(async () => {
        await Promise.resolve();
        tracer.startSpan("query").end();
      });
      // After the call it is the request's turn again.
      tracer.startSpan("answer").end();
      span.end();
    });
  };

  await Promise.all([request("a"), request("b")]);

  expect(pathsOf(spans()).toSorted()).toEqual([
    "a",
    "a > answer",
    "a > call1",
    "a > call1 > query",
    "b",
    "b > answer",
    "b > call1",
    "b > call1 > query",
  ]);
});

test("what policies tell is an event of the innermost span around them", async () => {
  const { tracer, spans } = tracing();
  const clock = new VirtualClock();
  const bank = pipeline(
    traced({ name: "call", tracer }),
    retry({ name: "bank", clock, attempts: 2, backoff: constant("1s", { jitter: "none" }) }),
    traced({ name: "attempt", tracer }),
    breaker("bank", { clock, failures: 1, pause: "5s" }),
  );

  await clock
    .settle(() => bank.run(() => Promise.reject(Object.assign(reset(), { code: "EPIPE" }))))
    .catch(() => {});

  const [first, second, call] = spans();
  const fault = {
    "holdfast.fault.class": "transient",
    "holdfast.fault.code": "EPIPE",
    "holdfast.fault.effect": "unknown",
  };
  expect(eventsOf(first)?.slice(0, 1)).toEqual([
    {
      name: "breaker.opened",
      attributes: {
        "holdfast.policy": "bank",
        "holdfast.breaker.name": "bank",
        "holdfast.breaker.state": "open",
        "holdfast.breaker.pause_ms": expect.any(Number),
        "exception.type": "Error",
        "exception.message": "read ECONNRESET",
        ...fault,
      },
    },
  ]);
  expect([first, second, call].map((span) => span?.events.map(({ name }) => name))).toEqual([
    ["breaker.opened", "exception"],
    ["breaker.rejected", "exception"],
    ["attempt.failed", "retry.scheduled", "attempt.failed", "retry.stopped", "exception"],
  ]);
  expect(eventsOf(call)?.[1]).toEqual({
    name: "retry.scheduled",
    attributes: {
      "holdfast.policy": "bank",
      "holdfast.attempt.number": 1,
      "holdfast.attempt.max": 2,
      "holdfast.attempt.delay_ms": expect.any(Number),
      ...fault,
    },
  });
});

test("a call that succeeded has no status, one that failed its fault and its exception", async () => {
  const { tracer, spans } = tracing();
  const policy = traced({ name: "bank", tracer });
  const error = new TypeError("sum is undefined", { cause: new Error("no rows") });

  await policy.run(() => "done");
  await expect(policy.run(() => Promise.reject(error))).rejects.toBe(error);

  const [succeeded, failed] = spans();
  expect([succeeded?.status, succeeded?.attributes, succeeded?.events]).toEqual([
    { code: 0 },
    { "holdfast.attempt.number": 1 },
    [],
  ]);
  expect([failed?.status, failed?.attributes, eventsOf(failed)]).toEqual([
    { code: 2, message: "sum is undefined: no rows" },
    {
      "holdfast.attempt.number": 1,
      "error.type": "TYPE_ERROR",
      "holdfast.fault.class": "fatal",
      "holdfast.fault.effect": "unknown",
    },
    [
      {
        name: "exception",
        attributes: {
          "exception.type": "TypeError",
          "exception.message": "sum is undefined",
          "exception.stacktrace": expect.stringMatching(
            /^TypeError: sum is undefined\n {4}at [^]*\nCaused by: Error: no rows\n/,
          ),
        },
      },
    ],
  ]);
});

test("the fault is the one that `classify` tells", async () => {
  const { tracer, spans } = tracing();
  const fault = { class: "degraded", code: "BANK_CLOSED", effect: "none" } as const;

  await traced({ tracer, classify: () => fault })
    .run(() => Promise.reject(reset()))
    .catch(() => {});

  expect(spans()[0]?.attributes).toMatchObject({
    "error.type": "BANK_CLOSED",
    "holdfast.fault.class": "degraded",
    "holdfast.fault.effect": "none",
  });
});

test("a call that its caller cancelled did not fail", async () => {
  const { tracer, spans } = tracing();
  const caller = new AbortController();
  const running = traced({ name: "bank", tracer }).run(() => new Promise(() => {}), caller);

  caller.abort("closing down");

  await expect(running).rejects.toBe("closing down");
  expect(
    spans().map(({ status, attributes, events }) => [status.code, attributes, events]),
  ).toEqual([[0, { "holdfast.attempt.number": 1, "holdfast.cancelled": true }, []]]);
});

test("of two attempts at once each has its span, and the one that lost was cancelled", async () => {
  const { tracer, spans } = tracing();
  const clock = new VirtualClock();
  const twice = pipeline(
    traced({ name: "call", tracer }),
    hedge("10ms", { clock }),
    traced({ name: "attempt", tracer }),
  );

  await clock.settle(() => twice.run(({ attempt }) => clock.sleep(attempt === 1 ? 1_000 : 5)));

  expect(pathsOf(spans()).toSorted()).toEqual(["call1", "call1 > attempt1", "call1 > attempt2"]);
  expect(spans().map(({ attributes }) => attributes["holdfast.cancelled"])).toEqual(
    spans().map(({ attributes, name }) =>
      name === "attempt" && attributes["holdfast.attempt.number"] === 1 ? true : undefined,
    ),
  );
});

test("no secret gets onto a span", async () => {
  const { tracer, spans } = tracing();
  const token = secret("battery-staple-correct");
  const policy = pipeline(
    traced({ name: `to ${token}`, tracer }),
    retry({ name: `retry ${token}`, backoff: constant(0), attempts: 2 }),
  );
  const error = Object.assign(new Error(`refused ${token}`), { code: `E_${token}` });

  await policy.run(() => Promise.reject(error)).catch(() => {});

  const [span] = spans();
  const written = JSON.stringify([span?.name, span?.attributes, span?.events, span?.status]);
  expect(written).not.toContain("battery");
  expect([span?.name, span?.status.message, span?.attributes["error.type"]]).toEqual([
    "to ***",
    "refused ***",
    "E_***",
  ]);
});

test("the run around it is told everything once, however many spans there are", async () => {
  const { tracer, spans } = tracing();
  const told: unknown[] = [];
  const where = { automation: "nightly", step: "upload" };
  const scope = {};
  const run = {
    where,
    scope,
    stream: (details: EventDetails, at: unknown) => void told.push([details.type, at]),
  };
  const inside: unknown[] = [];
  const policy = pipeline(
    traced({ tracer }),
    traced({ tracer }),
    measured({ name: "bank" }),
    traced({ tracer }),
  );

  await withAmbient(run, () =>
    policy.run(() => {
      const surrounding = ambient();
      inside.push(surrounding?.where, surrounding?.scope);
    }),
  );

  expect(told).toEqual([["call.succeeded", where]]);
  expect(inside).toEqual([where, scope]);
  expect(spans().map(({ events }) => events.map(({ name }) => name))).toEqual([
    [],
    ["call.succeeded"],
    [],
  ]);
});

test("what a run tells that is no policy's is none of a span's", async () => {
  const { tracer, spans } = tracing();

  await traced({ tracer }).run(() => {
    const { stream, where } = ambient() ?? expect.unreachable();
    stream({ type: "task.started" }, where);
  });

  expect(spans()[0]?.events).toEqual([]);
});

test("work that outlives its call writes nothing on a span that has ended", async () => {
  const { tracer, spans } = tracing();
  const clock = new VirtualClock();
  const told: string[] = [];
  // What the SDK is told too late it drops, and says so.
  const complaints: string[] = [];
  const complain = (message: string): void => void complaints.push(message);
  const [error, warn, info, debug, verbose] = [complain, complain, complain, complain, complain];
  diag.setLogger({ error, warn, info, debug, verbose }, DiagLogLevel.WARN);
  const policy = pipeline(
    traced({ tracer }),
    timeout("1s", { clock, on: (event) => told.push(event.type) }),
  );

  await clock.settle(() => policy.run(() => clock.sleep(5_000)).catch(() => {}));
  await clock.advance(10_000);
  diag.disable();

  expect(complaints).toEqual([]);
  expect(told).toEqual(["timeout.expired", "timeout.outlived"]);
  expect(spans()[0]?.events.map(({ name }) => name)).toEqual(["timeout.expired", "exception"]);
});

test("a call that is not sampled costs no events, and what is in it is not sampled either", async () => {
  const { tracer, spans } = tracing(new AlwaysOffSampler());
  const seen: unknown[] = [];
  const redactor: Redactor = { ...makeRedactor(), value: () => expect.unreachable() };

  await traced({ tracer, redactor })
    .run(() => {
      seen.push(ambient(), trace.getActiveSpan()?.isRecording());
      throw reset();
    })
    .catch(() => {});

  expect([seen, spans()]).toEqual([[undefined, false], []]);
});

const SPAN_METHODS = [
  "setAttribute",
  "setAttributes",
  "setStatus",
  "addEvent",
  "recordException",
  "isRecording",
  "end",
] as const;

test.for(["startSpan", ...SPAN_METHODS])(
  "a %s that throws changes nothing about any call",
  async (faulty) => {
    const { tracer, spans } = tracing();
    const fail = (): never => {
      throw new Error("bug of a tracer");
    };
    const faultyTracer: Tracer = Object.assign(Object.create(tracer), {
      startSpan: (name: string) =>
        faulty === "startSpan" ? fail() : Object.assign(tracer.startSpan(name), { [faulty]: fail }),
    });
    const clock = new VirtualClock();
    const patient = pipeline(
      traced({ tracer: faultyTracer }),
      retry({ clock, attempts: 2, backoff: constant(1) }),
      traced({ tracer: faultyTracer }),
    );
    const attempts: number[] = [];
    const lost = reset();
    const abort = new AbortController();

    const answer = await clock.settle(() =>
      patient.run(({ attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw lost;
        return "done";
      }),
    );
    const failed = clock.settle(() => patient.run(() => Promise.reject(lost)));
    const cancelled = patient.run(() => abort.abort("enough"), abort).catch((reason) => reason);

    await expect(failed).rejects.toBe(lost);
    expect([answer, attempts, await cancelled]).toEqual(["done", [1, 2], "enough"]);
    const isGone = faulty === "startSpan" || faulty === "end";
    expect(spans().length).toBe(isGone ? 0 : 8);
  },
);

test.for([0, 1])("a context manager that throws after %i calls changes nothing", async (calls) => {
  const { tracer } = tracing();
  class Faulty extends AsyncLocalStorageContextManager {
    override with<Given extends unknown[], Answer>(
      active: Context,
      work: (...given: Given) => Answer,
      receiver?: ThisParameterType<typeof work>,
      ...given: Given
    ): Answer {
      if (calls === 1) super.with(active, work, receiver, ...given);
      throw new Error("bug of a context manager");
    }
  }
  context.disable();
  context.setGlobalContextManager(new Faulty());
  let begun = 0;

  const answer = await traced({ tracer }).run(() => ++begun);
  context.disable();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());

  expect([answer, begun]).toEqual([1, 1]);
});

test("without a provider it does nothing", async () => {
  const policy = traced();

  await expect(policy.run(() => "done")).resolves.toBe("done");
  expect(policy.name).toBe("traced");
});

test("a provider that is registered later is used", async () => {
  const policy = traced({ name: "early" });
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );

  await policy.run(() => "done");
  trace.disable();

  const [span] = exporter.getFinishedSpans();
  expect([span?.name, span?.instrumentationScope.name]).toEqual(["early", "holdfast"]);
});

test.for<[options: object, message: string]>([
  [{ names: "a" }, "traced.names: unknown; known are name, tracer, classify, redactor"],
  [{ tracer: {} }, "traced.tracer: expected an object with startSpan(), received an object"],
  [{ redactor: {} }, "traced.redactor: expected an object with text(), value()"],
])("refuses %o", ([options, message]) => {
  expect(() => traced(options)).toThrow(OptionsError);
  expect(() => traced(options)).toThrow(message);
});
