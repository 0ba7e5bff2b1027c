/** What each rule about automations finds and what it leaves alone, for every parser that reads them. */

/** A whole file around what stands in an automation's function. */
export function fileWith(body: string): string {
  return `import { automation, type Run, type Task } from "holdfast/automation";
const saveOwn = async (path: string) => { await writeFile(path, "x"); };
async function viaOther() { return inCircle(); }
function inCircle(): unknown { return Math.PI > 4 ? viaOther() : saveOwn("x"); }
function countOwn(text: string) { return text.length; }
const askOwn = (url: string) => fetch(url);
export default automation("sample", async (run: Run) => {
${body}
});
`;
}

/** By rule: bodies in which it finds one thing, and bodies in which it finds nothing. */
export const CASES: Readonly<Record<string, { bad: readonly string[]; good: readonly string[] }>> =
  {
    "step-undo": {
      bad: [
        'await run.step("a", () => writeFile("f", "x"));',
        'await run.step("a", () => writeFile("f", "x"), { repeatable: true });',
        'await run.step("a", async () => { await fetch(url, { method: "DELETE" }); });',
        'await run.task("t", async (it) => { await it.step("a", () => rm("f")); });',
        'await run.map("m", list, (item, it: Task) => it.step("a", () => store.put(item)), {});',
        'const help = (task: Task) => task.step("a", () => store.put("f"));',
        'await run.step("a", () => saveOwn("f"));',
        'await run.step("a", saveOwn);',
        'await run.step("a", async () => { await viaOther(); }, { retry });',
      ],
      good: [
        'await run.step("a", () => writeFile("f", "x"), { undo: () => rm("f", { force: true }) });',
        'await run.step("a", () => writeFile("f", "x"), { undo });',
        'await run.step("a", () => writeFile("f", "x"), options);',
        'await run.step("a", () => writeFile("f", "x"), { ...options });',
        'await run.step("a", () => seen.delete(1) ? 1 : 2);',
        'await run.step("a", async () => { list.push(1); });',
        'await run.read("a", () => fetch(url).then((it) => it.status));',
        'await other.step("a", () => writeFile("f", "x"));',
        'await run.step("a", () => countOwn("f"));',
        'await run.step("a", saveOwn, { undo });',
        'await run.step("a", saveElsewhere);',
        'await run.step("a", (saveOwn) => saveOwn("f"));',
        'await run.step("a", () => { const saveOwn = countOwn; return saveOwn(); });',
      ],
    },
    "step-verify": {
      bad: ['await run.step("a", () => store.put("f"), { undo });'],
      good: [
        'await run.step("a", () => store.put("f"), { undo, verify: Boolean });',
        'await run.step("a", () => store.put("f"), { undo, reconcile });',
        'await run.step("a", () => writeFile("f", "x"), { undo });',
      ],
    },
    "fetch-status": {
      bad: [
        'await run.step("a", () => fetch(url), { undo });',
        'await run.read("a", async () => (await fetch(url)).json());',
        'await run.read("a", () => askOwn(url));',
        'await run.read("a", askOwn);',
      ],
      good: [
        'await run.read("a", async () => expectOk(await fetch(url)).json());',
        'await run.read("a", async () => { const it = await fetch(url); if (!it.ok) throw it; });',
        'await run.read("a", async () => assertFine(await fetch(url)));',
        'await run.read("a", async () => { const it = await askOwn(url); return it.ok; });',
      ],
    },
    "retry-key": {
      bad: [
        'await run.step("a", () => bank.charge(5), { retry: { attempts: 3 }, undo });',
        'await run.step("a", () => appendFile("f", "x"), { repeatable: true, undo });',
        'await run.step("a", ({ signal }) => appendFile("f", "x"), { repeatable: true, undo });',
        'await run.step("a", (it) => bank.charge(it.signal), { repeatable: true, undo });',
      ],
      good: [
        'await run.step("a", ({ key }) => bank.charge(key), { repeatable: true, undo });',
        'await run.step("a", (it) => bank.charge(it.key), { repeatable: true, undo });',
        'await run.step("a", (it) => bank.charge(it), { repeatable: true, undo });',
        'await run.step("a", ({ ...it }) => bank.charge(it), { repeatable: true, undo });',
        'await run.step("a", () => bank.charge(5), { repeatable: true, reconcile, undo });',
        'await run.step("a", () => bank.charge(5), { retry, repeatable: false, undo });',
        'await run.step("a", () => bank.charge(5), { undo });',
        'await run.step("a", () => writeFile("f", "x"), { repeatable: true, undo });',
      ],
    },
    "verify-always": {
      bad: [
        'await run.step("a", () => 1, { verify: () => true });',
        'await run.read("a", () => 1, { verify() {} });',
        'await run.read("a", () => 1, { verify: (it) => undefined });',
      ],
      good: [
        'await run.step("a", () => 1, { verify: (it) => it });',
        'await run.step("a", () => 1, { verify: () => check() });',
        'await run.step("a", () => 1, { verify: () => false });',
        'await run.step("a", () => 1, { verify: () => { throw 1; } });',
        'await run.step("a", () => 1, { verify: schema });',
      ],
    },
    "undo-value": {
      bad: [
        'await run.step("a", () => 1, { undo: ({ value }) => drop(value) });',
        'await run.step("a", () => 1, { undo: ({ value }) => drop(value!.id) });',
        'await run.step("a", () => 1, { undo: ({ value: it }) => drop(it as string) });',
        'await run.step("a", () => 1, { undo: (it) => drop(it.value) });',
        'await run.step("a", () => 1, { undo: ({ value }) => drop({ value }) });',
      ],
      good: [
        'await run.step("a", () => 1, { undo: ({ key }) => drop(key) });',
        'await run.step("a", () => 1, { undo: ({ value }) => drop(value?.id) });',
        'await run.step("a", () => 1, { undo: ({ value }) => value && drop(value) });',
        'await run.step("a", () => 1, { undo: ({ value }) => drop(value ?? "x") });',
        'await run.step("a", () => 1, { undo: ({ value }) => { if (value === undefined) return; drop(value); } });',
        'await run.step("a", () => 1, { undo: ({ value }) => { if (!value) return; drop(value); } });',
        'await run.step("a", () => 1, { undo: ({ value }) => value ? drop(value) : 0 });',
        'await run.step("a", () => 1, { undo: ({ value = "x" }) => drop(value) });',
        'await run.step("a", () => 1, { undo: () => drop(other.value, { value: 1 }) });',
        'await run.step("a", () => 1, { undo: (it) => { if (it.value) drop(it.value); } });',
      ],
    },
    "undo-assumes": {
      bad: [
        'await run.step("a", () => 1, { undo: () => rm("f") });',
        'await run.step("a", () => 1, { undo: () => rm("f", { recursive: true }) });',
        'await run.step("a", () => 1, { undo: async () => { await fs.unlink("f"); } });',
        'await run.step("a", () => 1, { undo: () => { try { rmSync("f"); } finally { end(); } } });',
        'await run.step("a", () => 1, { undo: () => { if (rmSync("f")) return; } });',
      ],
      good: [
        'await run.step("a", () => 1, { undo: () => rm("f", { force: true }) });',
        'await run.step("a", () => 1, { undo: () => rm("f", options) });',
        'await run.step("a", () => 1, { undo: () => unlink("f").catch(ignoreMissing) });',
        'await run.step("a", () => 1, { undo: () => { try { rmSync("f"); } catch (e) { look(e); } } });',
        'await run.step("a", () => 1, { undo: () => (existsSync("f") ? rm("f") : 0) });',
        'await run.step("a", () => 1, { undo: () => store.rm("f") });',
      ],
    },
    "floating-step": {
      bad: ['run.step("a", () => 1);', 'run.task("t", async () => 1);', 'run.sleep("s", "1s");'],
      good: [
        'void run.step("a", () => 1);',
        'await run.step("a", () => 1);',
        'const it = run.step("a", () => 1); await it;',
        'return run.step("a", () => 1);',
      ],
    },
    "promise-steps": {
      bad: [
        'await Promise.allSettled([run.step("a", () => 1)]);',
        'await Promise.race([run.step("a", () => 1), other]);',
        "await Promise.any(list.map((it) => run.step(it, () => 1)));",
      ],
      good: ['await Promise.all([run.step("a", () => 1)]);', "await Promise.allSettled(list);"],
    },
    "unbounded-steps": {
      bad: ["await Promise.all(list.map((it) => run.step(it, () => 1)));"],
      good: [
        'await Promise.all([run.step("a", () => 1)]);',
        "await Promise.all(list.map((it) => look(it)));",
        "await run.parallel(list.map((it) => () => run.step(it, () => 1)));",
      ],
    },
    "differs-on-resume": {
      bad: [
        "const now = Date.now();",
        "const now = new Date();",
        "if (Math.random() > 0.5) return;",
        "const id = randomUUID();",
        'await run.task("t", async (task) => { use(performance.now()); });',
        'await run.step("a", () => 1) === 1 || Math.random();',
      ],
      good: [
        'await run.read("now", () => Date.now());',
        'await run.step("a", () => new Date());',
        "const day = new Date(run.input.day);",
        "const now = clock.now();",
      ],
    },
    "swallowed-error": {
      bad: [
        "try { go(); } catch {}",
        "try { go(); } catch (error) { console.log(error); }",
        "try { go(); } catch { return; }",
        "await go().catch(() => undefined);",
        "await go().catch(() => {});",
        "await go().catch((error) => console.error(error));",
        "await go().catch(() => void 0);",
      ],
      good: [
        "try { go(); } catch { /* there is none yet */ }",
        "await go().catch(() => { /* it is gone */ });",
        "try { go(); } catch (error) { throw new Error('no', { cause: error }); }",
        "try { go(); } catch (error) { run.log.error('no', { error }); }",
        "try { go(); } catch { return 'none'; }",
        "await go().catch(() => null);",
        "await go().catch(unless('ENOENT'));",
        "try { go(); } finally { end(); }",
      ],
    },
    "console-error": {
      bad: [
        "console.error('it failed');",
        "console.warn('it failed');",
        "try { go(); } catch (error) { console.log(error); throw error; }",
        "go().catch((error) => { console.log(`no: ${error}`); throw error; });",
      ],
      good: ["console.log('done');", "run.log.error('it failed');"],
    },
  };
