import { problemsOf } from "../support/fixtures";

describe("a bad receiver of remote write", () => {
  const url = "https://example.org/api/v1/write";
  const LINE = "must be one line of text without spaces around it";
  const receivers = (remoteWrite: unknown, secrets: string[] = ["remoteWrite"]): string[] =>
    problemsOf({ remoteWrite: JSON.stringify(remoteWrite) }, secrets);

  it.each<[unknown, string]>([
    [undefined, ": is not an http or https URL; write it as https://example.org/api/v1/write"],
    ["example.org", ' = "example.org": is not an http or https URL; write it as https://example.org/api/v1/write'],
    ["http://", ' = "http://": is not an http or https URL; write it as https://example.org/api/v1/write'],
    ["ftp://u:S3CRET@h", ": is not an http or https URL; write it as https://example.org/api/v1/write"],
    ["https://u:S3CRET@h", ": holds credentials, which everybody could read; set them as username and password"],
    [
      "http://127.0.0.1:9090/a",
      ` = "http://127.0.0.1:9090/a": is a loopback address, which in Prometheus' container is the container itself; write host.docker.internal for this machine`,
    ],
  ])("with the url %s is reported", (wrong, text) => {
    expect(receivers([{ url }, { url: wrong }], [])).toStrictEqual([`remoteWrite[1].url${text}`]);
  });

  it.each<[object, string]>([
    [{ username: "lab" }, ": needs username and password together; set both, or neither"],
    [{ password: "S3CRET" }, ": needs username and password together; set both, or neither"],
    [
      { username: "lab", password: "S3CRET", bearerToken: "S3CRET" },
      ": has a password and a bearerToken; keep the one that the receiver requires",
    ],
    [{ username: "lab", password: "S3CRET\n" }, `.password: ${LINE}; set another one`],
    [{ bearerToken: "" }, `.bearerToken: ${LINE}; set another one`],
    [{ bearerToken: "Bearer S3CRET" }, ".bearerToken: begins with Bearer, which Prometheus adds; leave out that word"],
    [{ bearerToken: 123 }, `.bearerToken: ${LINE}; set another one`],
    [{ username: 123, password: "S3CRET" }, `.username: ${LINE}; set it with --type string`],
    [
      { pasword: "S3CRET" },
      ": has an unknown field pasword; did you mean password? Write it as a list of {url, username, password, bearerToken}",
    ],
  ])("with %j is reported without being shown", (entry, text) => {
    expect(receivers([{ url, ...entry }])).toStrictEqual([`remoteWrite[0]${text}`]);
  });

  it("is rejected with credentials in plain text", () => {
    const again = (field: string): string =>
      `is in plain text; set it with make config ARGS="set --secret --path 'remoteWrite[0].${field}'"`;
    expect(receivers([{ url, username: "lab", password: "S3CRET" }], [])).toStrictEqual([
      `remoteWrite[0].password: ${again("password")}`,
    ]);
    expect(receivers([{ url, bearerToken: "S3CRET" }], [])).toStrictEqual([
      `remoteWrite[0].bearerToken: ${again("bearerToken")}`,
    ]);
  });

  it("is reported if it is listed twice", () => {
    const again = (shown: string): string =>
      `remoteWrite[1].url${shown}: is the url of another entry too; keep one of them`;
    expect(receivers([{ url }, { url }], [])).toStrictEqual([again(` = "${url}"`)]);
    const secret = { url: `${url}?token=S3CRET` };
    expect(receivers([secret, secret])).toStrictEqual([again("")]);
  });

  it("is reported without its value if it is not a list", () => {
    expect(receivers({ url, password: "S3CRET" }, [])).toStrictEqual([
      "remoteWrite: must be a list of {url, username, password, bearerToken}; see its description in Pulumi.yaml",
    ]);
  });
});
