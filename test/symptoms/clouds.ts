/** docker, kubectl, terraform and the AWS CLI: without what they ask, and against a server on loopback that refuses. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { folder, held, isHere, missing, ran, type Shown } from "./stage.ts";

export async function* clouds(): AsyncGenerator<Shown> {
  yield* isHere("docker") ? docker() : missing([88, 89], "docker");
  yield* isHere("kubectl") ? kubectl() : missing([90], "kubectl");
  yield* isHere("aws") ? aws() : missing([93], "aws");
  yield* isHere("terraform") ? terraform() : missing([30], "terraform");
}

async function* docker(): AsyncGenerator<Shown> {
  const room = folder();
  const own = ["docker", "--config", room, "-H", `unix://${room}/none.sock`];
  yield ran(88, "degraded none DOCKER_DOWN", [...own, "ps"]);
  yield ran(88, "degraded none DOCKER_DOWN", [...own, "run", "nobody/nothing"]);
  yield ran(89, "fatal none DOCKER_FAILED", [...own, "run", "--nope", "nobody/nothing"]);
}

/** A server that answers each path as the cloud's own API would. */
async function answering(answer: RequestListener): Promise<Server & { readonly url: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
}

/** What the API server of Kubernetes says no with. */
const refusing =
  (code: number, reason: string): RequestListener =>
  (_, response) => {
    response.writeHead(code, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        reason,
        code,
        message: "no",
      }),
    );
  };

async function* kubectl(): AsyncGenerator<Shown> {
  const env = { HOME: folder(), KUBECONFIG: "/dev/null" };
  const asked = (server: string) => [
    "kubectl",
    `--server=${server}`,
    "get",
    "--raw",
    "/api/v1/pods",
  ];
  yield ran(90, "degraded none ECONNREFUSED", asked("http://127.0.0.1:1"), { env });
  yield ran(90, "transient none ENOTFOUND", asked("http://holdfast.invalid"), { env });
  for (const [code, reason, expected] of [
    [401, "Unauthorized", "fatal none AUTHENTICATION_FAILED"],
    [403, "Forbidden", "fatal none AUTHENTICATION_FAILED"],
    [404, "NotFound", "fatal none NOT_FOUND"],
    [409, "Conflict", "transient none CONFLICT"],
  ] as const) {
    const server = await answering(refusing(code, reason));
    yield await ran(90, expected, asked(server.url), { env });
    server.close();
  }
}

async function* aws(): AsyncGenerator<Shown> {
  const env = {
    AWS_MAX_ATTEMPTS: "1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_DEFAULT_REGION: "us-east-1",
  };
  const known = { env: { ...env, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" } };
  const asked = (url: string) => [
    "aws",
    "s3api",
    "list-objects",
    "--bucket",
    "b",
    "--endpoint-url",
    url,
  ];
  yield ran(93, "fatal none AUTHENTICATION_FAILED", asked("http://127.0.0.1:1"), { env });
  yield ran(36, "degraded none ECONNREFUSED", asked("http://127.0.0.1:1"), known);
  yield ran(93, "fatal none USAGE", ["aws", "s3api", "no-such-thing"], known);
  for (const [status, code, expected] of [
    [400, "ExpiredToken", "fatal none CREDENTIALS_EXPIRED"],
    [403, "AccessDenied", "fatal none AUTHENTICATION_FAILED"],
    [404, "NoSuchBucket", "fatal none NOT_FOUND"],
    [503, "SlowDown", "transient none REQUEST_THROTTLED"],
    [400, "RequestTimeout", "timeout unknown ETIMEDOUT"],
    [500, "InternalError", "degraded unknown SERVICE_FAILED"],
  ] as const) {
    const server = await answering((_, response) => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
    yield await ran(93, expected, asked(server.url), known);
    server.close();
  }
}

/** Holds the state as a terraform that runs does. */
const HOLD = `import fcntl, sys, time
f = open(sys.argv[1], "r+")
fcntl.lockf(f, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)`;

// Its built-in resource needs no provider, so nothing is fetched.
async function* terraform(): AsyncGenerator<Shown> {
  const cwd = folder();
  const env = { CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "/dev/null", HOME: cwd };
  writeFileSync(join(cwd, "main.tf"), 'resource "terraform_data" "x" {}\n');
  for (const words of [["init"], ["apply", "-auto-approve"]]) {
    spawnSync("terraform", [...words, "-input=false"], { cwd, env: { ...process.env, ...env } });
  }
  const release = await held("python3", "-c", HOLD, join(cwd, "terraform.tfstate"));
  yield await ran(30, "transient none STATE_LOCKED", ["terraform", "plan", "-input=false"], {
    cwd,
    env,
  });
  const deploy = "set -e; terraform validate; terraform plan -no-color -input=false";
  yield await ran(30, "transient unknown STATE_LOCKED", ["sh", "-c", deploy], { cwd, env });
  await release();
}
