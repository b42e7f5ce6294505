// Servers that write down which client certificate they are shown, in a thread of their own.
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer } from 'node:tls';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fingerprintOf } from './https.mjs';

const ALPN = ['h2', 'http/1.1'];

/**
 * @param options `host`: where they listen; `servers`: each `{ name, port, cert, key, ca }` and, where it hands everything on,
 *   `upstream`, as `tls.connect` takes it. Any other answers every request with an empty APIResourceList of `answer`.
 * @returns `shown(name, since)`: the fingerprints that were shown since a moment, in milliseconds of the epoch; `closed(name)`:
 *   how many connections have ended. `drop(name)` ends those that are open; `change(name, { cert, key, ca })` gives the server
 *   another certificate.
 */
export async function startRecorder(options) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...options, recorded: import.meta.url },
  });
  const events = [];
  worker.on('message', (event) => events.push(event));
  while (events.filter(({ what }) => what === 'listening').length < options.servers.length)
    await once(worker, 'message');
  const of = (name, kind) => events.filter(({ what, server }) => what === kind && server === name);
  return {
    shown: (name, since) =>
      of(name, 'shown')
        .filter(({ at }) => at >= since)
        .map(({ fingerprint }) => fingerprint),
    closed: (name) => of(name, 'closed').length,
    drop: (name) => worker.postMessage({ name, isDropped: true }),
    change: (name, pair) => worker.postMessage({ name, pair }),
    end: () => worker.terminate(),
  };
}

function start({ name, port, cert, key, ca, upstream, answer }) {
  const tell = (what, more) => parentPort.postMessage({ what, server: name, at: Date.now(), ...more });
  const open = new Set();
  const note = (socket) => {
    const { raw } = socket.getPeerCertificate();
    if (raw !== undefined) tell('shown', { fingerprint: fingerprintOf(raw) });
  };
  const settings = { cert, key, ca, requestCert: true, rejectUnauthorized: ca !== undefined };
  const handOn = (socket) => {
    note(socket);
    const server = connect({ ...upstream, ALPNProtocols: [socket.alpnProtocol || 'http/1.1'] });
    for (const one of [socket, server]) one.on('error', () => one.destroy());
    socket.on('close', () => server.destroy());
    server.on('close', () => socket.destroy());
    socket.pipe(server).pipe(socket);
  };
  const server =
    upstream === undefined
      ? createHttpsServer(settings, (incoming, outgoing) => {
          note(incoming.socket);
          const list = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: answer, resources: [] };
          outgoing.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(list));
        })
      : createServer({ ...settings, ALPNProtocols: ALPN }, handOn);
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      tell('closed');
    });
  });
  server.on('tlsClientError', () => undefined);
  // Only who connects ends a connection.
  server.keepAliveTimeout = 0;
  server.listen(port, workerData.host, () => tell('listening'));
  return { name, server, drop: () => [...open].forEach((socket) => socket.destroy()) };
}

if (!isMainThread && workerData?.recorded === import.meta.url) {
  const servers = workerData.servers.map(start);
  parentPort.on('message', ({ name, isDropped, pair }) => {
    const { server, drop } = servers.find((one) => one.name === name);
    if (isDropped) drop();
    else server.setSecureContext(pair);
  });
}
