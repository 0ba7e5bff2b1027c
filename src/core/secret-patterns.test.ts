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
  ["curl -u admin:hunter2 https://h/", "curl -u admin:*** https://h/"],
  ["curl -uadmin:hunter2 --proxy-user='b:c d'", "curl -uadmin:*** --proxy-user='b:*** d'"],
  ["curl --user admin:hunter2", "curl --user admin:***"],
  ["postgres://app:pa/ss@db/main", "postgres://***@db/main"],
  ["postgres://app:8080x/ss@db/main", "postgres://***@db/main"],
  ["the session_id=abc, sid: def", "the session_id=***, sid: ***"],
  ["https://h/?a=1&session_id=abc", "https://h/?a=1&session_id=***"],
  [`tok-${JWT}`, "tok-***"],
  [`eyJhbGciOiJ-${JWT}`, "***"],
  [`an eyJhbGciOiJIUzI1NiJ9 alone, ${JWT}`, "an eyJhbGciOiJIUzI1NiJ9 alone, ***"],
  ["Map(1) { 'password' => 'hunter2' }", "Map(1) { 'password' => '***' }"],
  ["Map(1) { 'authorization' => 'Token x' }", "Map(1) { 'authorization' => '***' }"],
  ['{"name":"DB_PASSWORD","value":"hunter2"}', '{"name":"DB_PASSWORD","value":"***"}'],
  [
    String.raw`"{\"key\": \"DB_PASSWORD\", \"value\": \"hunter2\"}"`,
    String.raw`"{\"key\": \"DB_PASSWORD\", \"value\": \"***\"}"`,
  ],
  ['{"passwords":["hunter2","b"],"c":1}', '{"passwords":"***","c":1}'],
  ['{"password":{"value":"hunter2"},"c":[1]}', '{"password":"***","c":[1]}'],
  ['{"set-cookie":["sid=1","b=2"],"c":1}', '{"set-cookie":"***","c":1}'],
  ['{"passwords":["]}hun","\\"]ter"],"c":1}', '{"passwords":"***","c":1}'],
  [
    String.raw`"{\"passwords\":[\"hun]ter\"],\"c\":1}"`,
    String.raw`"{\"passwords\":\"***\",\"c\":1}"`,
  ],
  ["{ password: [ 'hunter2', [ 'b' ] ], c: 1 }", "{ password: ***, c: 1 }"],
  ["password: ('hunter2'), c", "password: ***, c"],
  ['{"tokens":{"input":["a"]},"c":1}', '{"tokens":"***","c":1}'],
  ['cut off: {"passwords":["hunter2","b', 'cut off: {"passwords":"***"'],
  [
    "Unexpected token: [ x\n    at parse (a.ts:1:2)",
    "Unexpected token: ***\n    at parse (a.ts:1:2)",
  ],
  ["Unexpected token: { in a.json\nNext: fine", "Unexpected token: ***\nNext: fine"],
  ["password: {\n  a: 'hunter2',\n  b: [\n'c'\n]\n}\nNext", "password: ***\nNext"],
  [
    '{\n  "passwords": [\n    "hunter2"\n  ],\n  "c": 1\n}',
    '{\n  "passwords": "***",\n  "c": 1\n}',
  ],
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
  "http://localhost:3000?user=me@example.org",
  "http://[::1]:8080/path@2x.png",
  "docker run -u 1000:1000 --user 0:0 node",
  "date -u +%H:%M && rsync -u host:/srv /srv",
  '{"tokens":{"input":12,"cache":{"read":3, "write": 4}},"passwords":[],"credentials":{}}',
  "() => { const token => {} }",
  "--use-token --other",
  'Step "upload" failed at attempt 2: HTTP_503 (degraded); next in 1.2 s',
])("%o is shown as it is", (text) => {
  expect([plain.text(text), plain.find(text)]).toEqual([text, undefined]);
});

/** What each pattern would go over again and again, if it could. */
const HOSTILE: readonly string[] = [
  "a",
  "-",
  "://",
  "://a:",
  "://a:b/",
  "://a@",
  "password",
  "=",
  "a:",
  "aa ",
  "aa\\",
  "aa'=>",
  "?",
  "?a&",
  "?token=",
  "-----BEGIN PRIVATE KEY-----",
  "-----BEGIN A",
  "eyJ",
  "-eyJaaaaaaaa",
  "_eyJaaaaaaaa",
  "eyJaaaaaaaa.",
  "-SG.aaaaaaaaaa",
  "-SG.",
  "SG.aaaaaaaaaa-",
  "-sk-",
  "-xoxb-",
  "-gh",
  "bearer ",
  "bearer a ",
  "Basic a",
  "Basic aA",
  "cookie",
  "cookie1",
  "cookie ",
  "cookie\\",
  "authorization: \\",
  'authorization:\\"',
  "--",
  "--aa ",
  "--token ",
  "--token '",
  "-u ",
  "-u a",
  "/-ua:",
  '\\"',
  "token=",
  'token=\\"',
  "token=\\",
  "token=\"'\"'",
  "token: [",
  "token: [\\",
  "token: ['",
  "tokens: {",
  "tokens: {1,",
  'tokens: {"a":',
  "token: [\n  ",
  '"name":"a","value":',
  '"name":"token","value":',
  '"key": ',
  "…",
  "known-secre…",
  "\n",
];

/** A pattern that goes back over what it read takes longer here than a test may; ours take 0.1 s. */
const LENGTH = 300_000;

test.for(HOSTILE)(
  "however often %j stands in a text, it takes no longer",
  { timeout: 20_000 },
  (part) => {
    const guard = redactor({ secrets: ["known-secret"] });
    const count = Math.ceil(LENGTH / part.length);
    const [first = "", ...rest] = part;

    const texts = [
      part.repeat(count),
      `${part}${(rest.at(-1) ?? first).repeat(LENGTH)}`,
      `${first.repeat(LENGTH)}${part}`,
    ];

    expect(texts.map((text) => typeof guard.text(text))).toEqual(["string", "string", "string"]);
  },
);
