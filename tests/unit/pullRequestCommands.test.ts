import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Commands } from "../../tools/pull-request/commands";
import { PROJECT } from "../support/fixtures";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-commands-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A script, by the way to it from the lab's scripts. */
function script(lines: string): string {
  const file = path.join(folder, "script");
  fs.writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return path.relative(path.join(PROJECT, "scripts"), file);
}

const commands = (): Commands => new Commands({ PATH: process.env.PATH, MINE: "mine" });

describe("a command", () => {
  it("separates the events of Pulumi's engine from other output, and drops those for debugging", async () => {
    const events = [
      '{"sequence":1,"stdoutEvent":{}}',
      '{"sequence":2,"diagnosticEvent":{"message":"hunter22","severity":"debug"}}',
      '{"sequence":3,"diagnosticEvent":{"message":"a \\"severity\\":\\"debug\\"","severity":"info"}}',
    ];
    const run = await commands().run(script(`cat <<'END'\nfirst\n${events.join("\nlast\n")}\nEND\necho bad >&2`), []);
    expect(run).toStrictEqual({
      ok: true,
      events: [events[0], events[2]].join("\n"),
      output: "first\nlast\nlast\n",
      messages: "first\nlast\nlast\nbad\n",
    });
  });

  it("gets arguments, a standard input and an environment", async () => {
    const name = script('echo "$1 $MINE $YOURS $PULUMI_ENABLE_STREAMING_JSON_PREVIEW"; cat');
    const { messages } = await commands().run(name, ["a b"], { env: { YOURS: "yours" }, stdin: "secret" });
    expect(messages).toBe("a b mine yours true\nsecret");
  });

  it("may fail, end by a signal or read nothing of what it gets", async () => {
    expect((await commands().run(script("exit 3"), [])).ok).toBe(false);
    expect((await commands().run(script("kill -9 $$"), [])).ok).toBe(false);
    expect((await commands().run(script("exec <&-; exit 0"), [], { stdin: "x".repeat(1_000_000) })).ok).toBe(true);
    await expect(commands().run("no-such-script", [])).rejects.toThrow("ENOENT");
  });

  it("ends in order when it is interrupted, and the next one runs", async () => {
    const running = commands();
    const ready = path.join(folder, "ready");
    const waits = `trap 'echo orderly; exit 1' INT; touch '${ready}'; while :; do sleep 0.05; done`;
    const run = running.run(script(waits), []);
    while (!fs.existsSync(ready)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    running.interrupt();
    expect(await run).toMatchObject({ ok: false, messages: "orderly\n" });
    expect(running.signal.aborted).toBe(true);
    expect((await running.run(script("echo next"), [])).messages).toBe("next\n");
  });

  it("may have ended just before it is interrupted", async () => {
    const idle = commands();
    idle.interrupt();
    expect(idle.signal.aborted).toBe(true);
    const left = commands();
    // what it leaves in a session of its own holds its output open
    const run = left.run(script("setsid sleep 1 & exit 0"), []);
    await new Promise((resolve) => setTimeout(resolve, 500));
    left.interrupt();
    expect((await run).ok).toBe(true);
  });
});
