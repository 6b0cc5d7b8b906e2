import { untilReady } from "../../lib/shared/untilReady";
import { basicAuth } from "../../lib/shared/webSignIn";
import { serve, TestServer } from "../support/servers";

const NEVER = new Promise<boolean>(() => undefined);
const NOBODY = "http://127.0.0.1:1/-/ready";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe("waiting for a program", () => {
  it("ends with its first good answer, and does not wait for its container to be called healthy", async () => {
    const starting = { status: 503, body: "" };
    server = await serve({ "/-/ready": [starting, starting, { body: "" }] });
    await expect(untilReady(`${server.url}/-/ready`, NEVER)).resolves.toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  it("signs in where there is a password", async () => {
    server = await serve({ "/-/ready": [{ body: "" }] });
    await untilReady(`${server.url}/-/ready`, NEVER, "hunter2hunter2");
    expect(server.requests[0]?.authorization).toBe(basicAuth("hunter2hunter2"));
  });

  it("ends with a container that works, though nothing answers on the host", async () => {
    await expect(untilReady(NOBODY, Promise.resolve(true))).resolves.toBe(true);
  });

  it("fails with a container that does not come up", async () => {
    await expect(untilReady(NOBODY, Promise.resolve(false))).resolves.toBe(false);
  });
});
