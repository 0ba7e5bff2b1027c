import { expect, test } from "vitest";
import { redactor } from "./redact.ts";

const plain = redactor();

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
const PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----";

test.for<[text: string, shown: string]>([
  ["GET /x Authorization: Bearer abc.def", "GET /x Authorization: ***"],
  ["curl -H 'authorization: Basic dXNlcjpw' https://h/", "curl -H 'authorization: ***' https://h/"],
  ['{"Authorization":"Bearer abc","a":1}', '{"Authorization":"***","a":1}'],
  ["Set-Cookie: sid=1; Path=/\nX-Other: 2", "Set-Cookie: ***\nX-Other: 2"],
  ["used Bearer abc123-_. twice", "used Bearer *** twice"],
  ["sent Basic dXNlcjpwYXNz to", "sent Basic *** to"],
  ["sk-proj-abcdefghijklmnopqrst", "***"],
  ["sk_live_abcdefghijklmnop", "***"],
  ["whsec_abcdefghijklmnopqrst", "***"],
  ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "***"],
  ["gho_abcdefghijklmnopqrstuvwxyz0123456789", "***"],
  ["github_pat_abcdefghijklmnopqrstuvwxyz", "***"],
  ["glpat-abcdefghijklmnopqrst", "***"],
  ["AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE", "***, ***"],
  ["xoxb-123456789012-abc", "***"],
  ["xapp-1-A012-abcdefghij", "***"],
  ["npm_abcdefghijklmnopqrstuvwxyz0123456789", "***"],
  ["AIzaSyabcdefghijklmnopqrstuvwxyz01234567", "***"],
  ["SG.abcdefghijkl.mnopqrstuvwx", "***"],
  [`jwt ${JWT}, then`, "jwt ***, then"],
  [`key:\n${PEM}\nend`, "key:\n***\nend"],
  [PEM.slice(0, 40), "***"],
  ["-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----", "***"],
  ["postgres://app:pa?s#s@db:5432/main", "postgres://***@db:5432/main"],
  ["https://token@github.com/x.git", "https://***@github.com/x.git"],
  ["https://h/?a=1&token=abc&b=2", "https://h/?a=1&token=***&b=2"],
  ["https://h/?sig=abc", "https://h/?sig=***"],
  [
    "https://h/?X-Amz-Signature=abc&X-Amz-Credential=def",
    "https://h/?X-Amz-Signature=***&X-Amz-Credential=***",
  ],
  ["https://h/?key=abc#access_token=def", "https://h/?key=abc#access_token=***"],
  ["password=hunter2, next", "password=***, next"],
  ["Server=db;Password=a b;User=x", "Server=db;Password=*** b;User=x"],
  ["password: 'hunter 2' next", "password: '***' next"],
  [String.raw`{"api_key":"a\"b","c":1}`, '{"api_key":"***","c":1}'],
  [String.raw`"{\"api_key\":\"abc\",\"c\":1}"`, String.raw`"{\"api_key\":\"***\",\"c\":1}"`],
  ["export GITHUB_TOKEN=abc", "export GITHUB_TOKEN=***"],
  ["Error: password=hunter2", "Error: password=***"],
  ["https://h/?next=https://g/?token=abc", "https://h/?next=https://g/?token=***"],
  ["--note --token abc", "--note --token ***"],
  ["login --password hunter2 --verbose", "login --password *** --verbose"],
  ["login --token='a b' x", "login --token='***' x"],
])("%o is shown as %o", ([text, shown]) => {
  expect(plain.text(text)).toBe(shown);
});

test.for([
  "Bearer authentication failed",
  "Basic knowledge of the matter",
  "http://host:8080/path@2x.png",
  "mailto:ann@example.com",
  "task-management-and-other-things-and-more",
  "max_tokens=4096, token_count: 12",
  '{"tokens":12,"password":null}',
  "password=***, token=true",
  "at refresh (file:///srv/jobs/refresh-token.ts:41:11)",
  "https://h/?page=2&sort=key",
  "--use-token --other",
  'Step "upload" failed at attempt 2: HTTP_503 (degraded); next in 1.2 s',
])("%o is shown as it is", (text) => {
  expect([plain.text(text), plain.find(text)]).toEqual([text, undefined]);
});

test.for([
  "a".repeat(32_000),
  "--".repeat(16_000),
  "://".repeat(10_000),
  "://a:".repeat(6_000),
  "password".repeat(4_000),
  "=".repeat(32_000),
  "a:".repeat(16_000),
  "?".repeat(32_000),
  "?a&".repeat(10_000),
  "-----BEGIN ".repeat(3_000) + "PRIVATE KEY",
  "eyJ".repeat(10_000),
  '\\"'.repeat(16_000),
  "authorization: \\".repeat(2_000),
  'token=\\"'.repeat(4_000),
  "Basic a".repeat(4_000),
  `token='a${'"'.repeat(31_000)}b`,
  "…".repeat(30_000),
])("hostile text takes no longer: %.20o", (text) => {
  const started = process.cpuUsage();

  redactor({ secrets: ["known-secret"] }).text(text);

  // A pattern that goes back over what it read takes seconds here; ours take some milliseconds.
  expect(process.cpuUsage(started).user).toBeLessThan(500_000);
});
