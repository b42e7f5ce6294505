import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from './failure.ts';

/** What the store must know of the process that it runs in. Node's `process` is one. */
export interface HostProcess {
  readonly pid: number;
  /** Signal 0 asks whether a process is there and does nothing to it: kill(2). */
  kill(pid: number, signal: 0): boolean;
}

/** What tells one process from every other, also after its pid went to another one. Null: this system does not say. */
export interface Holder {
  readonly pid: number;
  /** Clock ticks between the start of the host and that of the process: proc_pid_stat(5), field 22. */
  readonly startTicks: number | null;
  readonly bootId: string | null;
  /** A pid means nothing in another namespace, such as another container's. */
  readonly pidNamespace: string | null;
  readonly hostName: string;
}

/** Who asks for a lock: the process, and how it signs. */
export interface Claimant {
  readonly self: HostProcess;
  readonly own: Holder;
}

/** Whether the process that took a lock still runs; `doubtful` where that cannot be told from here. */
export type Verdict = 'alive' | 'dead' | 'doubtful';

function readOptional(read: () => string): string | null {
  try {
    return read().trim();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

interface ProcessStatus {
  readonly state: string;
  readonly startTicks: number;
}

function readProcessStatus(pid: number): ProcessStatus | null {
  const text = readOptional(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === null) return null;
  // Field 2 is the program's name in parentheses, and may itself hold blanks and parentheses.
  const [state = '', ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, startTicks: Number(rest[18]) };
}

/** The process `self` as it signs its locks. */
export function readHolder(self: HostProcess): Holder {
  return {
    pid: self.pid,
    startTicks: readProcessStatus(self.pid)?.startTicks ?? null,
    bootId: readOptional(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    pidNamespace: readOptional(() => readlinkSync('/proc/self/ns/pid')),
    hostName: hostname(),
  };
}

/** Whether `holder` still runs, as far as the claimant can tell. */
export function judgeHolder(holder: Holder, { self, own }: Claimant): Verdict {
  if (holder.hostName !== own.hostName) return 'doubtful';
  if ((holder.bootId === null) !== (own.bootId === null)) return 'doubtful';
  if (holder.bootId !== own.bootId) return 'dead';
  if (holder.pidNamespace !== own.pidNamespace) return 'doubtful';
  const status = readProcessStatus(holder.pid);
  if (status !== null && holder.startTicks !== null) {
    // A killed process that nobody has waited for keeps its pid and its start time: state Z.
    return status.startTicks === holder.startTicks && !['Z', 'X'].includes(status.state) ? 'alive' : 'dead';
  }
  // No entry in /proc proves nothing: mounted with hidepid it hides the processes of others.
  try {
    self.kill(holder.pid, 0);
    return 'doubtful';
  } catch (error) {
    return errnoOf(error) === 'ESRCH' ? 'dead' : 'doubtful';
  }
}
