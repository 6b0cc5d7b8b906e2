// Sends a steady mix of requests to the Flask app and shows the progress.
// usage: traffic.js URL SECONDS RATE
const [url, ...numbers] = process.argv.slice(2);
const [seconds, rate] = numbers.map(Number);
// most requests are fast, one in ten is slow and one in ten fails
const MIX = ["/", "/fast", "/fast", "/", "/slow", "/fast", "/", "/fast", "/error", "/fast"];

/** The status of a response, or the error instead of one. */
async function statusOf(path) {
  try {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) });
    await response.arrayBuffer(); // an unread response keeps its connection, and the app limits those
    return response.status;
  } catch (error) {
    return error.cause?.code ?? error.message;
  }
}

async function main() {
  if (!(seconds >= 1 && seconds <= 3600 && rate >= 1 && rate <= 50)) {
    throw new Error(
      `SECONDS=${numbers[0]} RATE=${numbers[1]}: allowed are 1 to 3600 seconds and 1 to 50 requests a second`,
    );
  }
  const total = Math.round(seconds * rate);
  const statuses = {};
  const pending = [];
  for (let sent = 0; sent < total; sent++) {
    const request = statusOf(MIX[sent % MIX.length]);
    pending.push(request.then((status) => (statuses[status] = (statuses[status] ?? 0) + 1)));
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${sent + 1} of ${total} requests sent`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
  }
  await Promise.all(pending);
  const responses = Object.entries(statuses).map(([status, count]) => `${count} times ${status}`);
  console.log(`${process.stderr.isTTY ? "\n" : ""}${total} requests to ${url}: ${responses.join(", ")}`);
  if (!("200" in statuses)) {
    throw new Error("the app does not respond: run make verify");
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
