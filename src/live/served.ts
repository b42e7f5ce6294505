import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { Served, ServedOutcome } from '../checks/served.ts';
import { PkiError } from '../errors.ts';
import type { Listener } from '../resolve/listeners.ts';
import { loadForeignReader } from '../x509/certificate-reader.ts';

/** How long to wait, and when to give up. */
export interface ServedOptions {
  /** For one connection, from the first packet to the end of the handshake. */
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal;
}

/** The chain as the other side sent it. Node links a self-signed certificate to itself. */
function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !chain.some((known) => next?.raw.equals(known) === true)) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

type Handshake =
  | { readonly chain: readonly Uint8Array[] }
  | Extract<ServedOutcome, { kind: 'unreachable' | 'no-handshake' }>;

/**
 * Shakes hands and hangs up. No client certificate is offered, no request is sent; under TLS 1.3 a server that wants one
 * has shown its own by then.
 */
function shakeHands({ host, port }: Listener, options: ServedOptions): Promise<Handshake> {
  const { timeoutMilliseconds, signal } = options;
  return new Promise((resolve) => {
    let isConnected = false;
    const socket = connect({
      host,
      port,
      // Who it is, the checks say. Without CAs nothing is added to the chain from this machine's own.
      rejectUnauthorized: false,
      ca: [],
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const giveUp = (): void => end(`no answer within ${timeoutMilliseconds / 1000} s`);
    const timer = setTimeout(giveUp, timeoutMilliseconds);
    const interrupt = (): void => end('interrupted');
    const settle = (handshake: Handshake): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
      socket.destroy();
      resolve(handshake);
    };
    const end = (reason: string): void =>
      settle({ kind: isConnected ? 'no-handshake' : 'unreachable', reason });
    signal?.addEventListener('abort', interrupt);
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once('secureConnect', () => settle({ chain: chainOf(socket) }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Under TLS 1.2 a server that wants a client certificate has shown its own before it refuses to go on.
      const chain = isConnected ? chainOf(socket) : [];
      if (chain.length > 0) settle({ chain });
      else end(error.code ?? error.message);
    });
    socket.once('close', () => end('the connection was closed'));
    if (signal?.aborted === true) interrupt();
  });
}

/**
 * Asks each listener for its certificate, all at once: a TLS handshake without a client certificate, and nothing more. Says
 * what came of it and judges nothing. Never throws for what a listener does.
 */
export async function readServed(
  listeners: readonly Listener[],
  options: ServedOptions,
): Promise<readonly Served[]> {
  const handshakes = await Promise.all(
    listeners.map(async (listener) => ({ listener, handshake: await shakeHands(listener, options) })),
  );
  const reader = await loadForeignReader();
  return handshakes.map(({ listener, handshake }): Served => {
    if ('kind' in handshake) return { listener, outcome: handshake };
    try {
      const certificates = handshake.chain.map((der) => reader.parse(der));
      return { listener, outcome: { kind: 'served', certificates } };
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      return { listener, outcome: { kind: 'unreadable', reason: error.message } };
    }
  });
}
