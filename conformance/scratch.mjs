// A temporary folder that is gone when the process that made it is, whatever ended that: keys lie in it.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Its input ends with whoever holds the other end. What is being written meanwhile comes to its end soon.
const WATCH = `trap '' INT TERM HUP
cat
for try in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done`;

/** Makes the folder. Nothing has to be done for it to go away. */
export function makeScratch(prefix) {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  const stdio = ['pipe', 'ignore', 'ignore'];
  const watcher = spawn('sh', ['-c', WATCH, 'sh', folder], { stdio, detached: true });
  watcher.unref();
  watcher.stdin.unref();
  return folder;
}
