import * as http from "node:http";
import { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A comment as GitHub keeps it. */
export interface StoredComment {
  readonly id: number;
  readonly login: string;
  body: string;
}

/** An answer that a test puts before those of the API. */
export interface Disturbance {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether GitHub did what it was asked, and only its answer got lost. */
  readonly done?: boolean;
}

/** The comments of the pull requests of one repository, in pages of two. */
export class GithubComments {
  readonly comments: StoredComment[] = [];
  /** `METHOD path` of every request. */
  readonly asked: string[] = [];
  /** What the next requests get instead, by method. */
  readonly disturbances: Record<string, Disturbance[]> = {};
  /** Names of the files that the pull request changes. */
  readonly files: string[] = [];
  readonly repository = "someone/lab";
  readonly token = "of this run";
  private readonly server = http.createServer((request, response) => {
    void text(request).then((sent) => {
      this.answer(request, sent, response);
    });
  });

  /** The API's URL once it listens. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return this.url;
  }

  /** Ends the server. */
  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Adds a comment of somebody. */
  add(login: string, body: string): void {
    this.comments.push({ id: 100 + this.comments.length, login, body });
  }

  private get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  private answer(
    { method = "", url = "", headers }: http.IncomingMessage,
    sent: string,
    to: http.ServerResponse,
  ): void {
    const { pathname, searchParams } = new URL(url, this.url);
    this.asked.push(`${method} ${pathname}`);
    const disturbance = this.disturbances[method]?.shift();
    if (disturbance === undefined || disturbance.done === true) {
      const [status, value, link] =
        headers.authorization === `Bearer ${this.token}`
          ? this.handle(method, pathname, searchParams, sent)
          : ([401, { message: "Bad credentials" }] as const);
      if (disturbance === undefined) {
        to.writeHead(status, { connection: "close", ...(link === undefined ? {} : { link }) });
        to.end(JSON.stringify(value));
        return;
      }
    }
    to.writeHead(disturbance.status, { connection: "close", ...disturbance.headers }).end(disturbance.body);
  }

  private handle(method: string, path: string, query: URLSearchParams, sent: string): [number, unknown, string?] {
    const [list, one] = [`/repos/${this.repository}/issues/7/comments`, `/repos/${this.repository}/issues/comments/`];
    const { body } = (sent === "" ? {} : JSON.parse(sent)) as { body?: string };
    if (method === "GET" && path === list) {
      const page = Number(query.get("page") ?? 1);
      const shown = this.comments.slice(page * 2 - 2, page * 2).map((comment) => this.shown(comment));
      const next = `<${this.url}${list}?per_page=2&page=${String(page + 1)}>; rel="next"`;
      const last = `<${this.url}${list}?per_page=2&page=9>; rel="last"`;
      return [200, shown, page * 2 < this.comments.length ? `${next}, ${last}` : undefined];
    }
    if (method === "GET" && path === `/repos/${this.repository}/pulls/7/files`) {
      return [200, this.files.map((filename) => ({ filename }))];
    }
    if (method === "POST" && path === list && body !== undefined) {
      this.add("github-actions[bot]", body);
      return [201, this.shown(this.comments.at(-1))];
    }
    const comment = this.comments.find(({ id }) => path === `${one}${String(id)}`);
    if (method === "PATCH" && comment !== undefined && body !== undefined) {
      comment.body = body;
      return [200, this.shown(comment)];
    }
    return [404, { message: "Not Found" }];
  }

  private shown(comment: StoredComment | undefined): unknown {
    const id = String(comment?.id);
    return {
      url: `${this.url}/repos/${this.repository}/issues/comments/${id}`,
      html_url: `https://github.example/${this.repository}/pull/7#issuecomment-${id}`,
      user: { login: comment?.login },
      body: comment?.body,
    };
  }
}
