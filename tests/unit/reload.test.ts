import { reload } from "../../components/container/reload";
import { FakeResponse, serve, serveDocker, TestServer } from "../support/servers";

const METRICS = "program_last_reload";
const AT = `${METRICS}_success_timestamp_seconds`;

/** The metrics of a program that last loaded its files then, and optionally rejected others since. */
function loadedAt(time: string, successful = 1): FakeResponse {
  const lines = [`# TYPE ${AT} gauge`, `${AT} ${time}`, `${AT}_other 7`, `${METRICS}_successful ${String(successful)}`];
  return { body: `${lines.join("\n")}\n` };
}

let servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** What the engine was asked for while a program that tells these times read its files again. */
async function asked(
  responses: readonly FakeResponse[],
  kill: FakeResponse = { status: 204, body: "" },
): Promise<string[]> {
  const engine = await serveDocker({ "POST /containers/prometheus/kill?signal=SIGHUP": kill });
  const program = await serve({ "/metrics": [...responses] });
  servers = [engine, program];
  await reload({ container: "prometheus", url: program.url, metrics: METRICS });
  return engine.requests.map(({ method, path }) => `${method} ${path}`);
}

describe("a program that reloads its files", () => {
  it("that rejects them ends the update at once, with its log", async () => {
    await expect(asked([loadedAt("1"), loadedAt("1", 0)])).rejects.toThrow(
      /^prometheus rejected its new files and kept the previous ones; its last lines:\n/,
    );
  });

  it("that rejected earlier files is waited for until it has loaded these", async () => {
    expect(await asked([loadedAt("1", 0), loadedAt("1", 0), loadedAt("2")])).toHaveLength(1);
  });

  it.each([
    [{ status: 503, body: "" }, "returned 503"],
    [{ body: "up 1\n" }, `has no ${METRICS}_successful`],
  ])("that does not report its result is an error with its cause: %j", async (response, cause) => {
    await expect(asked([response])).rejects.toThrow(
      new RegExp(
        `^prometheus does not report whether it loaded its files \\(http://.*/metrics ${cause}\\); see make logs`,
      ),
    );
  });

  it("is sent a signal, and waited for until it has reloaded", async () => {
    expect(await asked(["1.5e+09", "1.5e+09", "1.5e+09", "1.6e+09"].map((time) => loadedAt(time)))).toStrictEqual([
      "POST /containers/prometheus/kill?signal=SIGHUP",
    ]);
  });

  it("that is missing ends the update with Docker's response", async () => {
    const gone = { status: 409, body: '{"message":"container is not running"}' };
    await expect(asked([loadedAt("1")], gone)).rejects.toThrow(
      'prometheus cannot be sent SIGHUP: {"message":"container is not running"}',
    );
  });
});
