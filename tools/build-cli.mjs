// Bundles the command line: see bundle-cli.ts.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { bunPath } from './bun.mjs';

execFileSync(bunPath(), ['run', 'tools/bundle-cli.ts'], { stdio: 'inherit' });
chmodSync('dist/cli.js', 0o755);
