import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

type Parameters = Readonly<Record<string, unknown>>;

/** A page that is open in a browser. */
export interface Page {
  /** A command of the DevTools protocol. */
  readonly send: <T>(method: string, parameters?: Parameters) => Promise<T>;
  /** What an expression gives in the page, under no policy of the page's own. */
  readonly evaluate: <T>(expression: string) => Promise<T>;
  /** What the browser has reported of these kinds: `Network.requestWillBeSent`. */
  readonly reported: (method: string) => readonly Parameters[];
}

/** A real browser, without a window. */
export interface Browser {
  /** Opens a file; `prepare` is sent before it is loaded. */
  readonly open: (path: string, prepare?: Readonly<Record<string, Parameters>>) => Promise<Page>;
  readonly close: () => Promise<void>;
}

interface Event {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Parameters;
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  '--remote-debugging-pipe',
];

const POLL_MS = 20;

/** Whether a process group has any process left. */
function isThere(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}

/** Starts Debian's chromium, which is spoken to through a pipe: no port is opened. */
export function startBrowser(): Browser {
  const profile = mkdtempSync(join(tmpdir(), 'k8s-pki-browser-'));
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    // A process group of its own: its helpers go on writing to the profile when it alone has ended.
    detached: true,
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const [, , , outgoing, incoming] = child.stdio;
  if (!(outgoing instanceof Writable) || !(incoming instanceof Readable)) throw new Error('there is no pipe');
  const waiting = new Map<number, (answer: string) => void>();
  const listeners = new Set<(event: Event) => void>();
  let rest = '';
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    const messages = (rest + chunk).split('\0');
    rest = messages.pop() ?? '';
    for (const text of messages) {
      const event: Event = JSON.parse(text);
      if (event.id !== undefined) waiting.get(event.id)?.(text);
      for (const listener of listeners) listener(event);
    }
  });
  let count = 0;
  const send = <T>(method: string, params: Parameters = {}, session: Parameters = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, (answer) => {
        const { result, error }: { readonly result: T; readonly error?: object } = JSON.parse(answer);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${JSON.stringify(error)}`));
      });
      outgoing.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    });

  return {
    open: async (path, prepare = {}) => {
      const target = await send<Parameters>('Target.createTarget', { url: 'about:blank' });
      const session = await send<Parameters>('Target.attachToTarget', { ...target, flatten: true });
      const page: Page['send'] = (method, parameters) => send(method, parameters, session);
      const events: Event[] = [];
      let loaded = (): void => undefined;
      const isLoaded = new Promise<void>((resolve) => (loaded = resolve));
      listeners.add((event) => {
        if (event.sessionId !== session['sessionId']) return;
        events.push(event);
        if (event.method === 'Page.loadEventFired') loaded();
      });
      for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await page(`${domain}.enable`);
      for (const [method, parameters] of Object.entries(prepare)) await page(method, parameters);
      await page('Page.navigate', { url: `file://${path}` });
      await isLoaded;
      return {
        send: page,
        evaluate: async <T>(expression: string): Promise<T> => {
          const { result, exceptionDetails } = await page<{
            readonly result: { readonly value: T };
            readonly exceptionDetails?: object;
          }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
          if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
          return result.value;
        },
        reported: (method) =>
          events.filter((event) => event.method === method).map(({ params = {} }) => params),
      };
    },
    close: async () => {
      const group = -(child.pid ?? 0);
      process.kill(group, 'SIGKILL');
      await ended;
      while (isThere(group)) await delay(POLL_MS);
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
