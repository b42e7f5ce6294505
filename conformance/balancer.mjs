// What stands before several servers: hands each connection on to the next of them that takes it, from a thread of its own.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** @param options `listen` and each of `servers` are `{ host, port }`. Returns what ends it. */
export async function startBalancer(options) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...options, balanced: import.meta.url },
  });
  await once(worker, 'message');
  return () => worker.terminate();
}

function join(client, upstream) {
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
  client.pipe(upstream).pipe(client);
}

function handOn(client, [server, ...others]) {
  if (server === undefined) {
    client.destroy();
    return;
  }
  const upstream = connect(server);
  const next = () => handOn(client, others);
  upstream.once('error', next).once('connect', () => {
    upstream.off('error', next);
    join(client, upstream);
  });
}

if (!isMainThread && workerData?.balanced === import.meta.url) {
  const { listen, servers } = workerData;
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    client.on('error', () => client.destroy());
    handOn(
      client,
      servers.map((_, index) => servers[(count + index) % servers.length]),
    );
  });
  server.listen(listen, () => parentPort.postMessage('listening'));
}
