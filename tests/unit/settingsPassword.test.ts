import * as fc from "fast-check";
import { problemsOf } from "../support/fixtures";

describe("the password", () => {
  it("in plain text is rejected without being shown", () => {
    expect(problemsOf({ grafanaAdminPassword: "hunter2hunter2" }, [])).toStrictEqual([
      'grafanaAdminPassword: is in plain text; set it with make config ARGS="set --secret grafanaAdminPassword"',
    ]);
  });

  it.each([
    ["hunter2", "a longer"],
    ["hunter2\nhunter2", "another"],
  ])("%j is rejected without being shown", (grafanaAdminPassword, one) => {
    expect(problemsOf({ grafanaAdminPassword })).toStrictEqual([
      `grafanaAdminPassword: needs at least 8 characters in one line; set ${one} one`,
    ]);
  });

  it.each([
    ["hunter2", "needs at least 8 characters in one line; set a longer one"],
    ["ä".repeat(37), "is longer than 72 bytes, after which bcrypt ignores it; set a shorter one"],
    [" hunter2hunter2", "has spaces around it or control characters; set one without them"],
    ["hunter2\thunter2", "has spaces around it or control characters; set one without them"],
  ])("of the programs, %j, is rejected without being shown", (webPassword, problem) => {
    expect(problemsOf({ webPassword }, ["webPassword"])).toStrictEqual([`webPassword: ${problem}`]);
    expect(problemsOf({ webPassword: "ä".repeat(36) }, ["webPassword"])).toStrictEqual([]);
    expect(problemsOf({ webPassword: "hunter2hunter2" }, [])).toStrictEqual([
      'webPassword: is in plain text; set it with make config ARGS="set --secret webPassword"',
    ]);
  });

  it("is in no message, whatever other problems there are", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 7 }), fc.boolean(), (rest, secret) => {
        const password = `§${rest}`;
        const message = problemsOf(
          { grafanaAdminPassword: password, flaskPort: "x" },
          secret ? ["grafanaAdminPassword"] : [],
        );
        expect(message.join("\n")).not.toContain(password);
      }),
    );
  });
});
