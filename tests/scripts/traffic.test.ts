import { spawn } from "node:child_process";
import * as http from "node:http";
import { AddressInfo } from "node:net";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { PROJECT } from "../../lib/shared/assets";

/** What the script prints for an app, sending it five requests. */
async function traffic(app: http.RequestListener): Promise<{ out: string; err: string; status: number }> {
  const server = http.createServer(app).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const child = spawn(process.execPath, [path.join(PROJECT, "scripts", "traffic.js"), url, "1", "5"]);
  const status = new Promise<number>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  server.close();
  return { out: out.replace(url, "URL"), err, status: await status };
}

describe("traffic", () => {
  it("counts responses by status", async () => {
    expect(await traffic(({ url }, response) => response.writeHead(url === "/slow" ? 503 : 200).end())).toEqual({
      out: "5 requests to URL: 4 times 200, 1 times 503\n",
      err: "",
      status: 0,
    });
  });

  it("counts a response that ends too early as an error", async () => {
    const early: http.RequestListener = (_, response) => {
      response.writeHead(200, { "Content-Length": "10" });
      response.write("x", () => response.destroy());
    };
    expect(await traffic(early)).toEqual({
      out: "5 requests to URL: 5 times UND_ERR_SOCKET\n",
      err: "the app does not respond: run make verify\n",
      status: 1,
    });
  });
});
