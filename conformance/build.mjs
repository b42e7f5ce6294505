// Builds the real programs that are not yet in the cache, through Go modules.
// Usage: node conformance/build.mjs [PROGRAM …], or K8S_PKI_CONFORMANCE_CACHE=folder node conformance/build.mjs
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROGRAMS } from './programs.mjs';

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

function assertGo() {
  const { error, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (error === undefined) return stdout.trim();
  throw new Error(
    `Go is missing (go version: ${error.code}): the programs are built from their modules with Go 1.26 or later, https://go.dev/dl`,
  );
}

function build(program) {
  const executable = executableOf(program);
  mkdirSync(dirname(executable), { recursive: true });
  // Beside the place first: what is in place is whole, also after a build that was interrupted.
  const unfinished = `${executable}.${process.pid}`;
  const linkFlags = ['-s', '-w', ...program.linkFlags].join(' ');
  const { status } = spawnSync(
    'go',
    ['build', '-mod=readonly', '-trimpath', '-ldflags', linkFlags, '-o', unfinished, program.command],
    {
      cwd: folderOf(program),
      // Static: kubeadm also runs in a root directory of its own, where there is no C library.
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (status !== 0) throw new Error(`${program.name} cannot be built (go build ended with ${status})`);
  renameSync(unfinished, executable);
}

/** Builds those of the programs that the cache lacks, one by one, and says so. */
export function buildPrograms(programs) {
  const missing = programs.filter((program) => !existsSync(executableOf(program)));
  if (missing.length === 0) return;
  console.error(`${assertGo()}; ${missing.length} of ${programs.length} programs to build into ${cache}`);
  for (const [index, program] of missing.entries()) {
    const start = performance.now();
    console.error(`[${index + 1}/${missing.length}] ${program.name} …`);
    build(program);
    const seconds = Math.round((performance.now() - start) / 1000);
    console.error(`[${index + 1}/${missing.length}] ${program.name}: ${seconds} s`);
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
  try {
    buildPrograms(programsOf(process.argv.slice(2)));
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
