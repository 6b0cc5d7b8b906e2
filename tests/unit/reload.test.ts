import { reload } from "../../components/reload";
import { Answer, serve, serveEngine, TestServer } from "./servers";

const METRIC = "program_last_reload_success_timestamp_seconds";
const loadedAt = (time: string): Answer => ({ body: `# TYPE ${METRIC} gauge\n${METRIC} ${time}\n${METRIC}_other 7\n` });

let servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

/** What the engine was asked for while a program that tells these times read its files again. */
async function asked(times: readonly string[], kill: Answer = { status: 204, body: "" }): Promise<string[]> {
  const engine = await serveEngine({ "POST /containers/prometheus/kill?signal=SIGHUP": kill });
  const program = await serve({ "/metrics": times.map(loadedAt) });
  servers = [engine, program];
  await reload({ container: "prometheus", metricsUrl: `${program.url}/metrics`, metric: METRIC });
  return engine.requests.map(({ method, path }) => `${method} ${path}`);
}

describe("a program that reads its files again", () => {
  it("is told by a signal, and waited for until it has", async () => {
    expect(await asked(["1.5e+09", "1.5e+09", "1.5e+09", "1.6e+09"])).toStrictEqual([
      "POST /containers/prometheus/kill?signal=SIGHUP",
    ]);
  });

  it("that is not there ends the update with what the engine says", async () => {
    const gone = { status: 409, body: '{"message":"container is not running"}' };
    await expect(asked(["1"], gone)).rejects.toThrow(
      'prometheus cannot be told to read its files again: {"message":"container is not running"}',
    );
  });
});
