// Compiles dist/ into one executable for the platform it runs on, and runs it once: a build can succeed and not start.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { bunPath } from './bun.mjs';

const outfile = 'build/k8s-pki';
mkdirSync('build', { recursive: true });
execFileSync(
  bunPath(),
  [
    'build',
    '--compile',
    '--minify',
    '--bytecode',
    '--format=esm',
    '--splitting',
    // `init` is over before compiling its code pays: the threads that compile took a third of its time. An audit is not, and
    // takes half as long again where nearly nothing is compiled (1000).
    '--compile-jit-policy=100',
    // Without these two the executable reads .env and runs bunfig.toml's preload from wherever it is started.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--outfile',
    outfile,
    'dist/cli.js',
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
const version = execFileSync(outfile, ['--version'], { encoding: 'utf8' }).trim();
console.log(`${outfile}: k8s-pki ${version}`);
