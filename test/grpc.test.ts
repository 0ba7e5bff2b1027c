/** Calls of gRPC under policies, with a real server on loopback: no .proto file is needed for that. */

import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type MethodDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { constant, faultOf, retry, timeout, TimeoutError, wrap } from "holdfast";
import { VirtualClock } from "holdfast/testing";

const text = {
  serialize: (value: string): Buffer => Buffer.from(value),
  deserialize: (bytes: Buffer): string => bytes.toString(),
};

const GREET: MethodDefinition<string, string> = {
  path: "/test.Greeter/Greet",
  requestStream: false,
  responseStream: false,
  requestSerialize: text.serialize,
  requestDeserialize: text.deserialize,
  responseSerialize: text.serialize,
  responseDeserialize: text.deserialize,
};

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client of a server on a free port of loopback, which ends with the test. */
async function greeter(greet: handleUnaryCall<string, string>): Promise<Client> {
  const server = new Server();
  server.addService({ greet: GREET }, { greet });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(
    () => client.close(),
    () => server.forceShutdown(),
  );
  return client;
}

/** One unary call, as a promise; it is cancelled when the signal aborts. */
function greetBy(client: Client, name: string, signal?: AbortSignal): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = GREET;
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      name,
      (error, answer) => {
        signal?.removeEventListener("abort", cancel);
        if (error === null) resolve(answer ?? "");
        else reject(error);
      },
    );
    const cancel = (): void => call.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
  });
}

test("a call that finds the service unavailable twice is made a third time", async () => {
  let calls = 0;
  const client = await greeter((call, callback) => {
    calls++;
    if (calls < 3) callback({ code: status.UNAVAILABLE, details: "warming up" });
    else callback(null, `hello ${call.request}`);
  });
  const events: string[] = [];
  const patient = retry({
    backoff: constant(1),
    on: (event) => {
      if (event.type === "attempt.failed") events.push(event.fault.code);
    },
  });
  const greet = wrap(patient, (name: string) => greetBy(client, name));

  expect([await greet("world"), calls, events]).toEqual([
    "hello world",
    3,
    ["GRPC_UNAVAILABLE", "GRPC_UNAVAILABLE"],
  ]);
});

/** What one call fails by, as the library makes it. */
async function failureOf(greet: handleUnaryCall<string, string>): Promise<unknown> {
  const client = await greeter(greet);
  return greetBy(client, "world").catch((error: unknown) => error);
}

test("each status of the server is known by its error", async () => {
  const codes = Object.values(status).filter((code) => typeof code === "number" && code !== 0);
  const client = await greeter((call, callback) =>
    callback({ code: Number(call.request) as status, details: "as asked" }),
  );

  const found = await Promise.all(
    codes.map((code) =>
      greetBy(client, String(code)).catch((error: unknown) => faultOf(error).code),
    ),
  );

  expect(found).toEqual(codes.map((code) => `GRPC_${status[code as status]}`));
});

test("pushback is read from the trailers", async () => {
  const metadata = new Metadata();
  metadata.set("grpc-retry-pushback-ms", "250");

  const error = await failureOf((_, callback) =>
    callback({ code: status.RESOURCE_EXHAUSTED, details: "later", metadata }),
  );

  expect(faultOf(error)).toEqual({
    class: "transient",
    code: "GRPC_RESOURCE_EXHAUSTED",
    effect: "none",
    retryAfterMs: 250,
  });
});

test("a handler that throws is a failure whose effect nobody knows", async () => {
  const error = await failureOf(() => {
    throw new Error("bug");
  });

  expect([(error as ServiceError).code, faultOf(error)]).toEqual([
    status.UNKNOWN,
    { class: "unknown", code: "GRPC_UNKNOWN", effect: "unknown" },
  ]);
});

test("where nobody listens the service is unavailable", async () => {
  const client = await greeter((_, callback) => callback(null, "here"));
  for (const close of closing.splice(1)) close();

  const error: unknown = await greetBy(client, "world").catch((thrown: unknown) => thrown);

  expect(faultOf(error)).toEqual({
    class: "degraded",
    code: "GRPC_UNAVAILABLE",
    effect: "unknown",
  });
});

test("a limit that is over cancels the call at the server too", async () => {
  const clock = new VirtualClock();
  const begun = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<boolean>();
  const client = await greeter((call) => {
    call.on("cancelled", () => cancelled.resolve(call.cancelled));
    begun.resolve();
  });

  const running = timeout("2s", { clock }).run(({ signal }) => greetBy(client, "world", signal));
  const failure = running.catch((error: unknown) => error);
  // The request is on its way for a length of real time.
  await begun.promise;
  await clock.advance("2s");

  expect(await failure).toBeInstanceOf(TimeoutError);
  expect(await cancelled.promise).toBe(true);
});
