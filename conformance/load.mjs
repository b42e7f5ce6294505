// A steady stream of requests, from a thread of its own: the one that runs programs stands still while it waits for them.
import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ask } from './https.mjs';

/** Between an answer and the next request of the same stream. */
const PAUSE_MS = 50;

/**
 * @returns `add` starts streams; `stop` resolves to what came of every request, in order, as
 *   `{ stream, from, until, wrong, shown, isReused }`: the stream's name, when it was sent and done in milliseconds of the epoch,
 *   what was wrong where something was, the fingerprint that the server showed, and whether the connection was there before.
 */
export function startLoad() {
  const records = [];
  const worker = new Worker(new URL(import.meta.url), { workerData: import.meta.url });
  const ended = new Promise((resolve, reject) => {
    worker.on('message', (record) => records.push(record));
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
  // Whoever stops it is told.
  ended.catch(() => undefined);
  return {
    /**
     * @param streams Each as `ask` takes it, with `name`; `wanted`: the status of an answer that is right; `keepsConnection`:
     *   all requests go over one. In a `body`, `COUNT` stands for the number of the request.
     */
    add: (streams) => worker.postMessage(streams),
    stop: async () => {
      worker.postMessage('stop');
      await ended;
      return records;
    },
    end: () => worker.terminate(),
  };
}

const ending = new AbortController();

async function send({ name, wanted = 200, body, ...request }, agent, count) {
  const from = Date.now();
  const counted = JSON.parse(JSON.stringify(body ?? null).replaceAll('COUNT', String(count)));
  const own = { ...request, agent, body: counted ?? undefined };
  const { status, refusal, body: answer, shown, isReused } = await ask(own);
  const wrong = status === wanted ? undefined : (refusal ?? `${status} ${answer.slice(0, 300)}`);
  parentPort.postMessage({ stream: name, from, until: Date.now(), wrong, shown, isReused });
}

async function run(stream) {
  const agent = stream.keepsConnection ? new Agent({ keepAlive: true, maxSockets: 1 }) : false;
  for (let count = 1; !ending.signal.aborted; count += 1) {
    await send(stream, agent, count);
    await delay(PAUSE_MS);
  }
  if (agent) agent.destroy();
}

if (!isMainThread && workerData === import.meta.url) {
  const runs = [];
  parentPort.on('message', (message) => {
    if (message !== 'stop') {
      runs.push(...message.map(run));
      return;
    }
    ending.abort();
    // What is on its way comes to its end first.
    void Promise.all(runs).then(() => parentPort.close());
  });
}
