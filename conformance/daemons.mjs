// Programs that run until they are stopped, with what they say in a file each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;

/** @param folder Where the logs go. */
export function createDaemons(folder) {
  const running = new Map();

  const tailOf = (name) =>
    readFileSync(join(folder, `${name}.log`), 'utf8')
      .trim()
      .slice(-1500);

  /** Throws where one has ended by itself, with its last words. */
  function assertAlive() {
    for (const [name, { exitCode, signalCode }] of running)
      if (exitCode !== null || signalCode !== null)
        throw new Error(`${name} ended with ${exitCode ?? signalCode}: ${tailOf(name)}`);
  }

  async function stop(name) {
    const child = running.get(name);
    running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  return {
    start(name, command, args) {
      const log = openSync(join(folder, `${name}.log`), 'a');
      const env = { PATH: process.env.PATH, HOME: '/nonexistent' };
      running.set(name, spawn(command, args, { stdio: ['ignore', log, log], env }));
      closeSync(log);
    },
    stop,
    stopAll: () => Promise.all([...running.keys()].map(stop)),
    logOf: (name) => readFileSync(join(folder, `${name}.log`), 'utf8'),

    /**
     * Waits until `find` resolves to something, and returns that.
     *
     * @param what For the error where it does not come about within `seconds`, or a daemon ends.
     */
    async waitFor(what, find, seconds = 60) {
      const deadline = performance.now() + seconds * 1000;
      for (;;) {
        assertAlive();
        const found = await find();
        if (found !== undefined && found !== false) return found;
        if (performance.now() > deadline) {
          const logs = [...running.keys()].map((name) => `${name}: ${tailOf(name)}`);
          throw new Error(`${what} did not come about within ${seconds} s; ${logs.join('\n')}`);
        }
        await delay(POLL_MS);
      }
    },
  };
}
