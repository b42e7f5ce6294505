// Builds the real programs that are not yet in the cache, through Go modules.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { boundToParent } from './processes.mjs';
import { PROGRAMS } from './programs.mjs';
import { readTree } from './trees.mjs';
import { parseCommandLine } from './usage.mjs';

const cache = process.env.K8S_PKI_CONFORMANCE_CACHE ?? join(homedir(), '.cache', 'k8s-pki-conformance');

function folderOf({ folder }) {
  return join(import.meta.dirname, 'programs', folder);
}

/** Where the executable lies: another pin or source, or another way to link it, is another file. */
export function executableOf(program) {
  const hash = createHash('sha256').update(program.linkFlags.join(' '));
  for (const file of program.sources) hash.update(readFileSync(join(folderOf(program), file)));
  return join(cache, `${program.name}-${hash.digest('hex').slice(0, 12)}`);
}

/** Where the files lie that a program's module has beside it, for those that have `data`. */
export const dataOf = (program) => `${executableOf(program)}.${program.data.folder}`;

const placesOf = (program) => [
  executableOf(program),
  ...(program.data === undefined ? [] : [dataOf(program)]),
];

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Where go keeps what it is at; here, so that what it leaves behind where it is interrupted is found again. */
const work = join(cache, `work.${process.pid}`);

/** Runs go to its end, or to that of this process. Returns what it printed. */
async function runGo(args, folder) {
  const child = spawn(...boundToParent('INT', 'go', args), {
    cwd: folder,
    // Static: kubeadm also runs in a root directory of its own, where there is no C library.
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOTMPDIR: work, GOWORK: 'off' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // With a group of its own, so that compilers that it started are reached, too.
    detached: true,
  });
  const interruptions = [];
  const interrupt = (signal) => {
    interruptions.push(signal);
    process.kill(-child.pid, 'SIGINT');
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    const [output, [status, signal]] = await Promise.all([child.stdout.toArray(), once(child, 'close')]);
    if (interruptions.length > 0) throw new Error(`interrupted by ${interruptions.join()}`);
    if (status !== 0) throw new Error(`go ${args[0]} ended with ${status ?? signal}`);
    return Buffer.concat(output).toString();
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

function assertGo() {
  const { error, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (error === undefined) return stdout.trim();
  throw new Error(
    `Go is missing (go version: ${error.code}): the programs are built from their modules with Go 1.26 or later, https://go.dev/dl`,
  );
}

async function buildExecutable(program, place) {
  const linkFlags = ['-s', '-w', ...program.linkFlags].join(' ');
  const how = ['-mod=readonly', '-trimpath', '-ldflags', linkFlags];
  await runGo(['build', ...how, '-o', place, program.command], folderOf(program));
}

async function copyData(program, place) {
  const { module, folder } = program.data;
  const shown = await runGo(['mod', 'download', '-json', module], folderOf(program));
  for (const [path, { contents }] of readTree(join(JSON.parse(shown).Dir, folder), 'latin1')) {
    if (contents === undefined) continue;
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), contents, 'latin1');
  }
}

/** Makes what is missing of a program beside its place first: what is in place is whole, whatever interrupts this. */
async function build(program) {
  for (const place of placesOf(program).filter((path) => !existsSync(path))) {
    const unfinished = `${place}.${process.pid}`;
    try {
      await (place === executableOf(program) ? buildExecutable : copyData)(program, unfinished);
      renameSync(unfinished, place);
    } catch (error) {
      throw new Error(`${program.name} cannot be built: ${error.message}`, { cause: error });
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes away what builds left behind that were killed outright. */
function sweep() {
  for (const name of readdirSync(cache)) {
    const pid = /\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(cache, name), { recursive: true });
  }
}

/** Builds those of the programs that the cache lacks, one by one, and says so. */
export async function buildPrograms(programs) {
  const missing = programs.filter((program) => !placesOf(program).every((path) => existsSync(path)));
  if (missing.length === 0) return;
  const go = assertGo();
  mkdirSync(work, { recursive: true });
  sweep();
  console.error(`${go}; ${missing.length} of ${programs.length} programs to build into ${cache}`);
  try {
    for (const [index, program] of missing.entries()) {
      const start = performance.now();
      console.error(`[${index + 1}/${missing.length}] ${program.name} …`);
      await build(program);
      const seconds = Math.round((performance.now() - start) / 1000);
      console.error(`[${index + 1}/${missing.length}] ${program.name}: ${seconds} s`);
    }
  } finally {
    rmSync(work, { recursive: true, maxRetries: 5 });
  }
}

/** The programs of these names; all where there is none. */
function programsOf(names) {
  const unknown = names.filter((name) => !PROGRAMS.some((program) => program.name === name));
  if (unknown.length === 0) return PROGRAMS.filter(({ name }) => names.length === 0 || names.includes(name));
  const known = PROGRAMS.map(({ name }) => name).join(', ');
  throw new Error(`there is no program ${unknown.join(', ')}, only ${known}`);
}

if (process.argv[1] === import.meta.filename) {
  const { positionals } = parseCommandLine(
    'Usage: node conformance/build.mjs [PROGRAM …]   (into the folder that K8S_PKI_CONFORMANCE_CACHE names, if any)',
  );
  try {
    await buildPrograms(programsOf(positionals));
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
